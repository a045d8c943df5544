using Atoll.Sdk;

namespace Atoll.Cli.Processes;

/// <summary>
/// One remote command seen from a terminal. The first Ctrl-C, or the time limit, kills the command and goes on
/// showing what it still says; the second Ctrl-C stops waiting.
/// </summary>
internal sealed class ExecRun(Terminal terminal, AtollClient client, string sandboxId, ExecRequest request)
{
    private const int TimedOut = 124;
    private const int Interrupted = 130;

    /// <summary>The server enforces the limit; this much later the client does it, in case the server does not know how.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _quit = new();
    private int _interrupts;
    private Task _cancelling = Task.CompletedTask;

    public async Task<int> ToEndAsync(CancellationToken cancellation)
    {
        using CancellationTokenRegistration linked = cancellation.Register(_quit.Cancel);
        using IDisposable interest = terminal.OnInterrupt(OnInterrupt);
        long started = terminal.Time.GetTimestamp();
        try
        {
            await client.Sandboxes.StartExecAsync(sandboxId, request, _quit.Token).ConfigureAwait(false);
            using ITimer? limit = request.Timeout is { } seconds
                ? terminal.Time.CreateTimer(_ => Cancel(), null, TimeSpan.FromSeconds(seconds) + Grace, Timeout.InfiniteTimeSpan)
                : null;
            if (Volatile.Read(ref _interrupts) > 0)
            {
                Cancel();
            }
            int code = await ShowAsync().ConfigureAwait(false);
            return Judge(code, terminal.Time.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (_interrupts > 1)
        {
            return Interrupted;
        }
        finally
        {
            await _cancelling.ConfigureAwait(false);
        }
    }

    private async Task<int> ShowAsync()
    {
        bool warned = false;
        await foreach (ExecEvent item in client.Sandboxes.AttachExecAsync(sandboxId, _quit.Token).ConfigureAwait(false))
        {
            switch (item)
            {
                case ExecEvent.Stdout output:
                    await WriteAsync(terminal.RawOutput, output.Data).ConfigureAwait(false);
                    break;
                case ExecEvent.Stderr output:
                    await WriteAsync(terminal.RawError, output.Data).ConfigureAwait(false);
                    break;
                case ExecEvent.Dropped gap:
                    terminal.Error.WriteLine(warned
                        ? $"Warning: another {gap.Bytes} bytes of output were dropped."
                        : $"Warning: {gap.Bytes} bytes of output were dropped: they came faster than they were read. Write to a file in the sandbox to keep all.");
                    warned = true;
                    break;
                case ExecEvent.Ended ended:
                    return ended.ExitCode;
            }
        }
        throw new ProtocolException("the command's stream ended without its exit code");
    }

    /// <summary>The code to return: the command's own, unless it was killed on the user's wish.</summary>
    private int Judge(int code, TimeSpan took)
    {
        bool killed = code > 128;
        if (killed && Volatile.Read(ref _interrupts) > 0)
        {
            return Interrupted;
        }
        if (killed && request.Timeout is { } seconds && took >= TimeSpan.FromSeconds(seconds))
        {
            terminal.Error.WriteLine($"Error: the command was killed after {seconds} s: give it more with --timeout.");
            return TimedOut;
        }
        return code;
    }

    private static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> data)
    {
        await stream.WriteAsync(data).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
    }

    private void OnInterrupt()
    {
        if (Interlocked.Increment(ref _interrupts) > 1)
        {
            _quit.Cancel();
            return;
        }
        terminal.Error.WriteLine("Cancelling the command; Ctrl-C again stops waiting for it.");
        Cancel();
    }

    private void Cancel() => _cancelling = CancelAsync();

    private async Task CancelAsync()
    {
        try
        {
            await client.Sandboxes.CancelExecAsync(sandboxId, _quit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The user does not wait for it.
        }
        catch (AtollException exception)
        {
            terminal.Error.WriteLine($"Warning: the command could not be cancelled: {exception.Message}");
        }
    }
}
