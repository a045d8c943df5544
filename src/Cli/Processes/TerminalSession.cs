using System.Runtime.InteropServices;
using System.Threading.Channels;
using Atoll.Sdk;

namespace Atoll.Cli.Processes;

/// <summary>
/// A process of a sandbox on the user's terminal: every key goes there, everything it says comes here, and its terminal has
/// the size of the user's.
/// <code>
///   keyboard --reader thread--> queue --> SendInput          window change --> queue --> Update
///   process's stream ------------------------------------> screen, until its end
/// </code>
/// </summary>
internal sealed class TerminalSession(Terminal terminal, AtollClient client, string sandboxId)
{
    private const int Killed = 137;

    /// <summary>How many pieces of typed text may wait for a sandbox that does not take them; then the keyboard waits.</summary>
    private const int Typeahead = 64;

    /// <returns>The process's exit code; 137 when a signal ended it.</returns>
    public async Task<int> RunAsync(ProcessStart start, CancellationToken cancellation)
    {
        if (!terminal.InputIsTerminal)
        {
            throw new CliException("standard input is not a terminal: leave out -t, or use 'atoll sandbox exec' without it");
        }
        await using SandboxProcess process = await client.Processes
            .StartAsync(sandboxId, OnTerminal(start), cancellation).ConfigureAwait(false);
        using IDisposable raw = terminal.EnterRawMode();
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<Func<Task>> wishes = Channel.CreateBounded<Func<Task>>(Typeahead);
        using PosixSignalRegistration resized = PosixSignalRegistration.Create(
            PosixSignal.SIGWINCH, _ => wishes.Writer.TryWrite(() => process.ResizeAsync(terminal.WindowSize(), over.Token)));
        Task carrying = CarryAsync(wishes.Reader, over.Token);
        StartTyping(process, wishes.Writer, over.Token);
        try
        {
            return await ShowAsync(process, over.Token).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await carrying.ConfigureAwait(false);
        }
    }

    private ProcessStart OnTerminal(ProcessStart start)
    {
        Dictionary<string, string> environment = new(start.Environment ?? new Dictionary<string, string>());
        if (terminal.Environment("TERM") is { Length: > 0 } kind)
        {
            environment.TryAdd("TERM", kind);
        }
        return start with { Terminal = terminal.WindowSize(), Environment = environment };
    }

    private async Task<int> ShowAsync(SandboxProcess process, CancellationToken cancellation)
    {
        await foreach (SandboxProcessEvent happened in process.ReadAsync(cancellation).ConfigureAwait(false))
        {
            switch (happened)
            {
                case SandboxProcessEvent.Output output:
                    await terminal.RawOutput.WriteAsync(output.Data, cancellation).ConfigureAwait(false);
                    await terminal.RawOutput.FlushAsync(cancellation).ConfigureAwait(false);
                    break;
                case SandboxProcessEvent.Ended ended:
                    return ended.Exited || ended.ExitCode >= 0 ? ended.ExitCode : Killed;
            }
        }
        throw new ProtocolException("the process's stream ended without its exit code");
    }

    // A read of a terminal cannot be given up, so it has a thread that the process's end takes along.
    private void StartTyping(SandboxProcess process, ChannelWriter<Func<Task>> wishes, CancellationToken over)
    {
        Thread reader = new(() =>
        {
            byte[] buffer = new byte[4096];
            int count;
            while (!over.IsCancellationRequested && (count = terminal.RawInput.Read(buffer)) > 0)
            {
                byte[] typed = buffer[..count];
                try
                {
                    wishes.WriteAsync(() => process.WriteAsync(typed, over), over).AsTask().Wait(over);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        })
        { IsBackground = true, Name = "keyboard" };
        reader.Start();
    }

    private async Task CarryAsync(ChannelReader<Func<Task>> wishes, CancellationToken over)
    {
        try
        {
            await foreach (Func<Task> wish in wishes.ReadAllAsync(over).ConfigureAwait(false))
            {
                await CarryAsync(wish).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The process is over, and with it what was typed ahead.
        }
    }

    /// <summary>One key that does not arrive must not make the keyboard dead: the user is told, and the next is tried.</summary>
    private async Task CarryAsync(Func<Task> wish)
    {
        try
        {
            await wish().ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // The process has ended; its stream says how.
        }
        catch (AtollException exception)
        {
            terminal.Error.Write($"\r\nWarning: not sent: {Output.Table.Plain(exception.Message)}\r\n");
        }
    }
}
