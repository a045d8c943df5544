using Atoll.Sdk;

namespace Atoll.Cli.Code;

/// <summary>Shows the results of code: text as it is, pictures and documents as files where the user wants them.</summary>
internal sealed class ResultWriter(Terminal terminal, string? directory)
{
    private int _saved;

    public async Task WriteAsync(CodeResult result, CancellationToken cancellation)
    {
        bool shown = false;
        foreach ((string extension, string? content) in ((string, string?)[])
            [("png", result.Png), ("jpeg", result.Jpeg), ("pdf", result.Pdf), ("svg", result.Svg)])
        {
            if (string.IsNullOrEmpty(content))
            {
                continue;
            }
            shown = true;
            Show(extension, content);
        }
        string? text = shown ? null : First(result.Text, result.Markdown, result.Json, result.Latex, result.Html, result.Javascript);
        if (text is not null)
        {
            await terminal.Output.WriteLineAsync(text.AsMemory(), cancellation).ConfigureAwait(false);
        }
    }

    private void Show(string extension, string content)
    {
        if (directory is null)
        {
            terminal.Error.WriteLine($"[{extension}: --save DIRECTORY keeps it]");
            return;
        }
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, $"result-{++_saved}.{extension}");
        File.WriteAllBytes(path, extension == "svg" ? System.Text.Encoding.UTF8.GetBytes(content) : Convert.FromBase64String(content));
        terminal.Error.WriteLine($"[{path}]");
    }

    private static string? First(params ReadOnlySpan<string?> candidates)
    {
        foreach (string? candidate in candidates)
        {
            if (!string.IsNullOrEmpty(candidate))
            {
                return candidate;
            }
        }
        return null;
    }
}
