using Atoll.Cli.Output;

namespace Atoll.Cli.Files;

/// <summary>Shows on a terminal how far a transfer has come, at most ten times a second. Elsewhere it does nothing.</summary>
internal sealed class TransferProgress : IDisposable
{
    private const int Width = 24;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Terminal _terminal;
    private readonly string _name;
    private readonly long? _total;
    private readonly long _from;
    private readonly long _started;
    private long? _drawn;

    /// <param name="terminal">Where it is drawn.</param>
    /// <param name="name">What is transferred.</param>
    /// <param name="total">Bytes in all; null when nobody knows.</param>
    /// <param name="from">Bytes that were there already.</param>
    public TransferProgress(Terminal terminal, string name, long? total, long from = 0) =>
        (_terminal, _name, _total, _from, _started) = (terminal, Output.Table.Plain(name), total, from, terminal.Time.GetTimestamp());

    public void At(long bytes)
    {
        if (!_terminal.ErrorIsTerminal || (_drawn is { } last && _terminal.Time.GetElapsedTime(last) < Pause))
        {
            return;
        }
        _drawn = _terminal.Time.GetTimestamp();
        _terminal.Error.Write("\r" + Render(_name, bytes, _total, bytes - _from, _terminal.Time.GetElapsedTime(_started)) + "\e[K");
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (_drawn is not null)
        {
            _terminal.Error.Write("\r\e[K");
        }
    }

    /// <summary>The line for one moment.</summary>
    internal static string Render(string name, long bytes, long? total, long moved, TimeSpan took)
    {
        string rate = took > TimeSpan.Zero ? $", {Sizes.Text((long)(moved / took.TotalSeconds))}/s" : "";
        if (total is not > 0)
        {
            return $"{name}  {Sizes.Text(bytes)}{rate}";
        }
        double share = Math.Clamp((double)bytes / total.Value, 0, 1);
        string bar = new string('#', (int)(share * Width)).PadRight(Width, '.');
        return $"{name}  [{bar}] {share * 100:0}% of {Sizes.Text(total.Value)}{rate}";
    }
}
