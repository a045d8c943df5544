namespace Atoll.Cli.Output;

/// <summary>Shows on a terminal that something is going on and for how long. Elsewhere it does nothing.</summary>
internal sealed class Progress : IAsyncDisposable
{
    private const string Frames = "|/-\\";
    private readonly CancellationTokenSource _done;
    private readonly Task _drawing;

    private Progress(Task drawing, CancellationTokenSource done) => (_drawing, _done) = (drawing, done);

    public static Progress Show(Terminal terminal, string what)
    {
        CancellationTokenSource done = new();
        return new Progress(terminal.ErrorIsTerminal ? DrawAsync(terminal, what, done.Token) : Task.CompletedTask, done);
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync().ConfigureAwait(false);
        await _drawing.ConfigureAwait(false);
        _done.Dispose();
    }

    private static async Task DrawAsync(Terminal terminal, string what, CancellationToken done)
    {
        long started = terminal.Time.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100), terminal.Time);
        try
        {
            for (int frame = 0; await timer.WaitForNextTickAsync(done).ConfigureAwait(false); frame++)
            {
                double seconds = terminal.Time.GetElapsedTime(started).TotalSeconds;
                terminal.Error.Write($"\r{Frames[frame % Frames.Length]} {what} ({seconds:0.0} s)\e[K");
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Error.Write("\r\e[K");
        }
    }
}
