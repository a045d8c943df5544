namespace Atoll.Api.DataPlane.Processes;

/// <summary>
/// The tags that clients give to processes, kept apart from the server's own: one that a client chose is never taken
/// for that of a run (contracts/scalebox.md 1.2, "exec").
/// </summary>
internal static class ProcessTag
{
    private const string Prefix = "rpc:";

    public static string Of(string tag) => tag.Length == 0 ? "" : Prefix + tag;

    /// <summary>Null for a process that no client gave a tag.</summary>
    public static string? Read(string tag) => tag.StartsWith(Prefix, StringComparison.Ordinal) ? tag[Prefix.Length..] : null;
}
