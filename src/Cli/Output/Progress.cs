namespace Atoll.Cli.Output;

/// <summary>Shows on a terminal that something is going on and for how long. Elsewhere it does nothing.</summary>
internal sealed class Progress : IAsyncDisposable
{
    private const string Frames = "|/-\\";
    private readonly CancellationTokenSource _done;
    private readonly Task _drawing;

    private Progress(Terminal terminal, string what)
    {
        _done = new CancellationTokenSource();
        What = what;
        _drawing = terminal.ErrorIsTerminal ? DrawAsync(terminal, _done.Token) : Task.CompletedTask;
    }

    /// <summary>What is going on.</summary>
    public string What { get; set; }

    public static Progress Show(Terminal terminal, string what) => new(terminal, what);

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync().ConfigureAwait(false);
        await _drawing.ConfigureAwait(false);
        _done.Dispose();
    }

    private async Task DrawAsync(Terminal terminal, CancellationToken done)
    {
        long started = terminal.Time.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100), terminal.Time);
        try
        {
            for (int frame = 0; await timer.WaitForNextTickAsync(done).ConfigureAwait(false); frame++)
            {
                double seconds = terminal.Time.GetElapsedTime(started).TotalSeconds;
                terminal.Error.Write($"\r{Frames[frame % Frames.Length]} {What} ({seconds:0.0} s)\e[K");
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Error.Write("\r\e[K");
        }
    }
}
