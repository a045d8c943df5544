namespace Atoll.Cli.Output;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    Table,
    Json,
    JsonCompact,
}

/// <summary>The names of the formats.</summary>
internal static class OutputFormats
{
    public static OutputFormat Resolve(string? name, bool compact) => (name, compact) switch
    {
        (null or "" or "table", false) => OutputFormat.Table,
        ("json", false) => OutputFormat.Json,
        (null or "" or "json" or "json-compact", _) => OutputFormat.JsonCompact,
        ("table", true) => throw new CliException("--compact is for JSON: leave out -o table", exitCode: 2),
        _ => throw new CliException($"unknown output format '{name}': use table, json or json-compact", exitCode: 2),
    };
}
