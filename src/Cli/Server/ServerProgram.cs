using System.CommandLine;

namespace Atoll.Cli.Server;

/// <summary>
/// The verbs that the server's own program does: the CLI becomes that program, with the same arguments, streams and
/// process id.
/// </summary>
internal static class ServerProgram
{
    private const string FileName = "atoll-server";

    private static readonly (string Verb, string Description)[] Verbs =
    [
        ("serve", "Run the server"),
        ("doctor", "Check what this machine offers and say how to mend it"),
        ("ca", "Print the certificate that clients must trust to use TLS with the server"),
        ("backup", "Copy what the server keeps into one file, also while it runs"),
        ("restore", "Make a data directory of a backup"),
    ];

    /// <summary>Whether the arguments, as they stand, are for the server's program.</summary>
    public static bool IsFor(string[] args) =>
        args is [var verb, ..] && Verbs.Any(known => known.Verb == verb) || args is ["auth", "key", ..] || IsRecipe(args);

    /// <summary>Whether a template is built of a recipe on the server's own machine: then the recipe's name comes first, else there are options only.</summary>
    private static bool IsRecipe(string[] args) => args is ["template", "build", [not '-', ..], ..];

    public static IEnumerable<Command> Commands(Terminal terminal) =>
        Verbs.Select(known => Create(terminal, [known.Verb], known.Description));

    public static Command KeyCommand(Terminal terminal) =>
        Create(terminal, ["auth", "key"], "Make and list API keys on the server's own machine");

    /// <summary>Does not return unless it fails.</summary>
    public static int Become(Terminal terminal, string[] args)
    {
        string path = Find(terminal);
        int errno = terminal.Replace(path, [path, .. args]);
        throw new CliException($"cannot run {path}: error {errno} of execve. Is it executable?");
    }

    /// <summary>Only reached when global options come before the verb: they mean nothing to the server.</summary>
    private static Command Create(Terminal terminal, string[] path, string description)
    {
        Command command = new(path[^1], description) { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(parsed => Become(terminal, [.. path, .. parsed.UnmatchedTokens]));
        return command;
    }

    private static string Find(Terminal terminal)
    {
        if (terminal.Environment("ATOLL_SERVER") is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new CliException($"ATOLL_SERVER names {given}, which is not there");
        }
        string here = AppContext.BaseDirectory;
        string[] candidates = [Path.Combine(here, FileName), Path.GetFullPath(Path.Combine(here, "..", "server", FileName))];
        return candidates.FirstOrDefault(File.Exists) ?? throw new CliException(
            $"the server is not installed here: looked for {string.Join(" and ", candidates)}. Set ATOLL_SERVER to its path");
    }
}
