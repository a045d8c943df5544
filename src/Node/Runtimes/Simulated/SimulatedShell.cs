using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Atoll.Domain.Processes;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// Interprets the few words of shell that simulated sandboxes understand: <c>echo</c>, <c>sleep</c>, <c>exit</c>,
/// <c>kill</c>, <c>env</c>, <c>cat</c>, <c>read NAME</c>, <c>pwd</c>, <c>true</c>, <c>false</c>, <c>head -c N /dev/zero</c>; lists with <c>;</c>, newline, <c>&amp;&amp;</c> and
/// <c>||</c>; quotes, <c>$NAME</c>, <c>$$</c>, <c>$?</c> and <c>&gt;&amp;2</c>. Anything else is 127, command not found.
/// </summary>
internal sealed class SimulatedShell(
    int pid, SimulatedShell.Memory start, string directory, SimulatedInput input, SimulatedOutput output, Action<int> signal, TimeProvider time)
{
    private const int NotFound = 127;
    private const int Sigint = 2;
    private const string Prompt = "$ ";
    private volatile Memory _memory = start;
    private CancellationTokenSource? _line;
    private bool _exited;

    /// <summary>Where a shell is, between two changes: what a copy of it goes on from.</summary>
    /// <param name="Status">Of the last command.</param>
    public sealed record Memory(ImmutableDictionary<string, string> Variables, int Status = 0)
    {
        /// <summary>The script that it runs; null between two lines.</summary>
        public string? Script { get; init; }

        /// <summary>The command of the script that it is at.</summary>
        public int Command { get; init; }

        /// <summary>The output up to here is of what is done; a copy does the rest of the command again.</summary>
        public long Sequence { get; init; }

        /// <summary>When the sleep ends that it is in.</summary>
        public DateTimeOffset? WakesAt { get; init; }

        /// <summary>How much of a sleep was left when the copy was taken.</summary>
        public TimeSpan? SleepLeft { get; init; }
    }

    private int Status
    {
        get => _memory.Status;
        set => _memory = _memory with { Status = value };
    }

    /// <summary>Where it is at this moment.</summary>
    public Memory Remember()
    {
        Memory now = _memory;
        return now with { WakesAt = null, SleepLeft = now.WakesAt - time.GetUtcNow() ?? now.SleepLeft };
    }

    /// <summary>Ctrl-C: ends the command of a shell that reads its lines from a terminal, and any other shell.</summary>
    public void Interrupt()
    {
        if (_line is { } line)
        {
            line.Cancel();
        }
        else
        {
            signal(Sigint);
        }
    }

    /// <summary>Reads lines from the input and runs each, until <c>exit</c> or the end; on a terminal with a prompt.</summary>
    public async Task<int> ConverseAsync(CancellationToken cancellation)
    {
        while (!_exited)
        {
            using var line = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _line = line;
            try
            {
                if (_memory.Script is { } begun)
                {
                    await LineAsync(begun, line.Token);
                    continue;
                }

                await SayAsync(OutputStream.StandardOutput, input.IsTerminal ? Prompt : "", line.Token);
                if (await input.ReadLineAsync(line.Token) is not { } script)
                {
                    return Status;
                }

                await LineAsync(script, line.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                _memory = _memory with { Status = 128 + Sigint, Script = null, WakesAt = null, SleepLeft = null };
                await SayAsync(OutputStream.StandardOutput, "\n", cancellation);
                _memory = _memory with { Sequence = output.Next };
            }
        }

        return Status;
    }

    public async Task<int> RunAsync(string script, CancellationToken cancellation)
    {
        int first = _memory.Script == script ? _memory.Command : 0;
        int at = -1;
        foreach ((string connector, List<string> words, bool toError) in SimulatedSyntax.Parse(script))
        {
            if (++at < first || words.Count == 0 || (connector == "&&" && Status != 0) || (connector == "||" && Status == 0))
            {
                continue;
            }

            // A sleep that was begun in the original is the only command that is not begun anew.
            _memory = _memory with { Script = script, Command = at, Sequence = output.Next, SleepLeft = at == first ? _memory.SleepLeft : null };
            List<string> expanded = [.. words.Select(Expand)];
            if (expanded[0] == "exit")
            {
                _exited = true;
                return Status = expanded.Count > 1 ? Number(expanded[1]) & 255 : Status;
            }

            OutputStream stream = toError ? OutputStream.StandardError : OutputStream.StandardOutput;
            int status = await CommandAsync(expanded, stream, cancellation);
            _memory = _memory with { Status = status, Command = at + 1, Sequence = output.Next, WakesAt = null, SleepLeft = null };
            cancellation.ThrowIfCancellationRequested();
        }

        return Status;
    }

    private async Task LineAsync(string script, CancellationToken cancellation)
    {
        await RunAsync(script, cancellation);
        _memory = _memory with { Script = null, Command = 0 };
    }

    private async Task<int> CommandAsync(List<string> words, OutputStream stream, CancellationToken cancellation)
    {
        switch (words)
        {
            case ["echo", "-n", .. var texts]:
                return await SayAsync(stream, string.Join(' ', texts), cancellation);
            case ["echo", .. var texts]:
                return await SayAsync(stream, string.Join(' ', texts) + "\n", cancellation);
            case ["env"]:
                return await SayAsync(stream, string.Concat(_memory.Variables.Select(pair => $"{pair.Key}={pair.Value}\n")), cancellation);
            case ["pwd"]:
                return await SayAsync(stream, directory + "\n", cancellation);
            case ["cat"]:
                while (await input.ReadAsync(cancellation) is { } data)
                {
                    await WriteAsync(stream, data, cancellation);
                    _memory = _memory with { Sequence = output.Next };
                }

                return 0;
            case ["read", var name]:
                string? line = await input.ReadLineAsync(cancellation);
                _memory = _memory with { Variables = _memory.Variables.SetItem(name, line ?? "") };
                return line is null ? 1 : 0;
            case ["true" or ":"]:
                return 0;
            case ["false"]:
                return 1;
            case ["sleep", var seconds] when double.TryParse(seconds, CultureInfo.InvariantCulture, out double duration):
                TimeSpan left = _memory.SleepLeft ?? TimeSpan.FromSeconds(duration);
                _memory = _memory with { WakesAt = time.GetUtcNow() + left, SleepLeft = null };
                await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation);
                return 0;
            case ["head", "-c", var count, "/dev/zero"]:
                return await ZeroesAsync(stream, long.Parse(count, CultureInfo.InvariantCulture), cancellation);
            case ["kill", var target] when target == Self:
                signal(15);
                return 0;
            case ["kill", ['-', .. var name], var target] when target == Self:
                signal(Number(name));
                return 0;
            default:
                await SayAsync(OutputStream.StandardError, $"bash: line 1: {words[0]}: command not found\n", cancellation);
                return NotFound;
        }
    }

    private string Self => pid.ToString(CultureInfo.InvariantCulture);

    private async Task<int> SayAsync(OutputStream stream, string text, CancellationToken cancellation)
    {
        await WriteAsync(stream, Encoding.UTF8.GetBytes(text), cancellation);
        return 0;
    }

    private Task WriteAsync(OutputStream stream, byte[] data, CancellationToken cancellation) => input.IsTerminal
        ? output.WriteAsync(OutputStream.Terminal, SimulatedInput.Shown(data), cancellation)
        : output.WriteAsync(stream, data, cancellation);

    private async Task<int> ZeroesAsync(OutputStream stream, long count, CancellationToken cancellation)
    {
        byte[] block = new byte[32 * 1024];
        for (long left = count; left > 0; left -= block.Length)
        {
            await output.WriteAsync(stream, block.AsMemory(0, (int)Math.Min(left, block.Length)), cancellation);
        }

        return 0;
    }

    // Single quotes were marked by the parser, so that what they hold stays as it is.
    private string Expand(string word)
    {
        var text = new StringBuilder();
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] != '$' || i + 1 == word.Length)
            {
                text.Append(word[i] == SimulatedSyntax.LiteralDollar ? '$' : word[i]);
                continue;
            }

            int end = i + 1;
            while (end < word.Length && (char.IsAsciiLetterOrDigit(word[end]) || word[end] == '_'))
            {
                end++;
            }

            if (end == i + 1)
            {
                end++;
            }

            text.Append(Value(word[(i + 1)..end]));
            i = end - 1;
        }

        return text.ToString();
    }

    private string Value(string name) => name switch
    {
        "$" => Self,
        "?" => Status.ToString(CultureInfo.InvariantCulture),
        _ => _memory.Variables.GetValueOrDefault(name, ""),
    };

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : text is "KILL" or "SIGKILL" ? 9 : 15;
}
