using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Atoll.Node.Templates;

/// <summary>
/// Runs a program that a template is built with. Only the <c>template</c> command does this: the serving process reaps every
/// child of its own, which <see cref="Process"/> does not survive.
/// </summary>
internal static class BuildTool
{
    private const int KeptLines = 40;

    /// <summary>Runs it to its end and gives what it wrote to standard output, decoded as UTF-8.</summary>
    /// <param name="progress">Is told each line of standard error.</param>
    /// <exception cref="TemplateBuildException">It is missing or failed; carries the end of its standard error.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, IProgress<string>? progress, CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        process.StandardInput.Close();
        var last = new Queue<string>();
        Task errors = ReadLinesAsync(process.StandardError, line =>
        {
            Keep(last, line);
            progress?.Report(line);
        });
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        await errors;
        if (process.ExitCode != 0)
        {
            throw new TemplateBuildException($"{program} failed with status {process.ExitCode}:\n{string.Join('\n', last)}");
        }

        return await output;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new TemplateBuildException($"{start.FileName} cannot be started ({e.Message}): apt-get install {start.FileName}");
        }
    }

    private static async Task ReadLinesAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            take(line);
        }
    }

    private static void Keep(Queue<string> last, string line)
    {
        last.Enqueue(line);
        if (last.Count > KeptLines)
        {
            last.Dequeue();
        }
    }
}

/// <summary>A template could not be built; the message says why, in words for the operator.</summary>
internal sealed class TemplateBuildException(string message) : Exception(message);
