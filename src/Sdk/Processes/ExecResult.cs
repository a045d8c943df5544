using System.Text;

namespace Atoll.Sdk;

/// <summary>What a command said and how it ended.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="Stdout">Its standard output, up to the caller's limit.</param>
/// <param name="Stderr">Its standard error, up to the caller's limit.</param>
/// <param name="DroppedBytes">Output that was lost on the way or exceeded the limit.</param>
public sealed record ExecResult(int ExitCode, ReadOnlyMemory<byte> Stdout, ReadOnlyMemory<byte> Stderr, long DroppedBytes)
{
    /// <summary>Standard output read as UTF-8.</summary>
    public string StdoutText => Encoding.UTF8.GetString(Stdout.Span);

    /// <summary>Standard error read as UTF-8.</summary>
    public string StderrText => Encoding.UTF8.GetString(Stderr.Span);

    internal static async Task<ExecResult> CollectAsync(IAsyncEnumerable<ExecEvent> events, int limit)
    {
        using MemoryStream stdout = new(), stderr = new();
        long dropped = 0;
        int? exitCode = null;
        await foreach (ExecEvent item in events.ConfigureAwait(false))
        {
            switch (item)
            {
                case ExecEvent.Stdout output:
                    dropped += Keep(stdout, output.Data.Span, limit);
                    break;
                case ExecEvent.Stderr output:
                    dropped += Keep(stderr, output.Data.Span, limit);
                    break;
                case ExecEvent.Dropped gap:
                    dropped += gap.Bytes;
                    break;
                case ExecEvent.Ended ended:
                    exitCode = ended.ExitCode;
                    break;
            }
        }
        return new ExecResult(
            exitCode ?? throw new ProtocolException("the command's stream ended without its exit code"),
            stdout.ToArray(), stderr.ToArray(), dropped);
    }

    private static int Keep(MemoryStream kept, ReadOnlySpan<byte> data, int limit)
    {
        int fits = (int)Math.Min(data.Length, Math.Max(0, limit - kept.Length));
        kept.Write(data[..fits]);
        return data.Length - fits;
    }
}
