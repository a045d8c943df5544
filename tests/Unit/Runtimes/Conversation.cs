using System.Text;
using Atoll.Domain.Processes;

namespace Atoll.Unit.Runtimes;

/// <summary>Somebody at a process's input and output: types, and reads until what is awaited has come.</summary>
internal sealed class Conversation(IAgent agent, ProcessInfo process, long from = 0) : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private IAsyncEnumerator<ProcessEvent>? _events;
    private string _said = "";
    private int _taken;

    public int Pid => process.Pid;

    /// <summary>The number of the first byte that was not read yet.</summary>
    public long Next { get; private set; } = from;

    /// <summary>How it ended; null while it runs.</summary>
    public ProcessExit? Exit { get; private set; }

    public static async Task<Conversation> StartAsync(IAgent agent, ProcessSpec spec) =>
        new(agent, await agent.StartAsync(spec, CancellationToken.None));

    public Task TypeAsync(string text) => agent.WriteInputAsync(Pid, Encoding.UTF8.GetBytes(text), _limit.Token);

    /// <summary>Reads on until a text has come.</summary>
    /// <returns>All that came since the text that was awaited before, up to the end of this one.</returns>
    public async Task<string> UntilAsync(string text)
    {
        int at;
        while ((at = _said.IndexOf(text, _taken, StringComparison.Ordinal)) < 0)
        {
            if (!await ReadAsync())
            {
                throw new InvalidOperationException($"it ended without '{text}', after '{_said}'");
            }
        }

        string seen = _said[_taken..(at + text.Length)];
        _taken = at + text.Length;
        return seen;
    }

    /// <summary>Reads to the end.</summary>
    /// <returns>All that came since the text that was awaited before.</returns>
    public async Task<string> EndAsync()
    {
        while (await ReadAsync())
        {
        }

        return _said[_taken..];
    }

    public async ValueTask DisposeAsync()
    {
        if (_events is not null)
        {
            await _events.DisposeAsync();
        }

        _limit.Dispose();
    }

    private async Task<bool> ReadAsync()
    {
        _events ??= agent.AttachAsync(Pid, Next, _limit.Token).GetAsyncEnumerator(_limit.Token);
        try
        {
            if (!await _events.MoveNextAsync())
            {
                return false;
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"nothing more came within 30 s, after '{_said}'", e);
        }

        if (_events.Current is ProcessEvent.Output output)
        {
            _said += Encoding.UTF8.GetString(output.Data.Span);
            Next = output.Sequence + output.Data.Length;
        }

        Exit = (_events.Current as ProcessEvent.Exited)?.Exit;
        return Exit is null;
    }
}
