using System.CommandLine;

namespace Atoll.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Profile { get; } = new("--profile")
    {
        Description = "The profile to use (SCALEBOX_PROFILE; default: the current one)",
        HelpName = "name",
        Recursive = true,
    };

    public Option<string?> Output { get; } = new("--output", "-o")
    {
        Description = "table, json or json-compact (SCALEBOX_OUTPUT; default: table)",
        HelpName = "format",
        Recursive = true,
    };

    public Option<bool> Compact { get; } = new("--compact")
    {
        Description = "JSON on one line: the same as -o json-compact",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        root.Add(Profile);
        root.Add(Output);
        root.Add(Compact);
    }
}
