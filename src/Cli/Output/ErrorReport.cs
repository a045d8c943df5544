using System.CommandLine;
using System.Net;
using Atoll.Sdk;

namespace Atoll.Cli.Output;

/// <summary>Turns failures into one line on standard error, with what to do about it, and an exit code.</summary>
internal static class ErrorReport
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int Interrupted = 130;

    private static readonly HashSet<string> HaveLists = ["sandbox", "snapshot", "template", "project", "api-key", "webhook", "notification", "user"];

    public static int Usage(Terminal terminal, ParseResult parsed)
    {
        terminal.Error.WriteLine($"Error: {parsed.Errors[0].Message}");
        string path = string.Join(' ', Names(parsed).Reverse());
        terminal.Error.WriteLine($"Try '{path} --help'.");
        return WrongUsage;
    }

    public static int Failure(Terminal terminal, Exception exception, IReadOnlyList<string> nouns)
    {
        if (exception is OperationCanceledException)
        {
            return Interrupted;
        }
        terminal.Error.WriteLine($"Error: {Describe(exception, nouns)}");
        return exception is CliException own ? own.ExitCode : Failed;
    }

    /// <param name="exception">What went wrong.</param>
    /// <param name="nouns">What the command names, as its arguments are called: one of them is what was not found.</param>
    public static string Describe(Exception exception, IReadOnlyList<string> nouns) => Table.Plain(exception switch
    {
        ConnectionException lost =>
            $"health check timeout: no answer from {lost.Server} ({lost.Message}). {StartIt}",
        RequestTimeoutException late => $"health check timeout: {late.Message}. {StartIt}",
        UnauthorizedException refused => $"{refused.Message}. Run 'atoll auth login' or correct SCALEBOX_API_KEY.",
        NotFoundException missing when Listed(missing, nouns) is { } noun => $"{Sentence(missing.Message)} See 'atoll {noun} list'.",
        RateLimitedException { RetryAfter: { } wait } limited =>
            $"{Sentence(limited.Message)} Try again in {Math.Ceiling(wait.TotalSeconds)} s.",
        ServerException { StatusCode: not HttpStatusCode.NotImplemented } failed when failed.RequestId is not null =>
            $"{Sentence(failed.Message)} The server's log has more under {failed.RequestId}.",
        _ => exception.Message,
    });

    private const string StartIt =
        "Start the server with 'atoll serve', or name the right one with SCALEBOX_SERVER_URL or 'atoll auth login --server-url URL'.";

    /// <summary>The noun whose list shows what there is: the one that the server speaks of, else the first; null when none has a list.</summary>
    private static string? Listed(NotFoundException missing, IReadOnlyList<string> nouns)
    {
        List<string> listed = [.. nouns.Where(HaveLists.Contains)];
        return listed.Find(noun => missing.Message.StartsWith(noun, StringComparison.OrdinalIgnoreCase)) ?? listed.FirstOrDefault();
    }

    private static string Sentence(string message) => message.TrimEnd('.') + ".";

    private static IEnumerable<string> Names(ParseResult parsed)
    {
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult command)
            {
                yield return command.Parent is null ? "atoll" : command.Command.Name;
            }
        }
    }
}
