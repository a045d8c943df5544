namespace Atoll.Control.Processes;

/// <summary>
/// The arguments that make bash run a command text. The kernel takes at most 128 KiB in one argument (execve(2)), so
/// a longer text goes in pieces that bash puts together again.
/// </summary>
internal static class ShellCommand
{
    private const string Joiner = "c=; for p; do c+=$p; done; set --; unset p; eval \"unset c; $c\"";

    // At most 3 bytes of UTF-8 each: below the kernel's limit whatever the text.
    private const int PieceLength = 40_000;

    public static IReadOnlyList<string> Arguments(string command) => command.Length <= PieceLength
        ? ["bash", "-c", command]
        : ["bash", "-c", Joiner, "bash", .. Pieces(command)];

    /// <summary>The command text in such arguments; null when they are not of this kind.</summary>
    public static string? Read(IReadOnlyList<string> arguments) => arguments switch
    {
        ["bash", "-c", var command] => command,
        ["bash", "-c", Joiner, "bash", _, ..] => string.Concat(arguments.Skip(4)),
        _ => null,
    };

    private static IEnumerable<string> Pieces(string command)
    {
        for (int start = 0; start < command.Length;)
        {
            int length = Math.Min(PieceLength, command.Length - start);
            if (char.IsHighSurrogate(command[start + length - 1]) && start + length < command.Length)
            {
                length--;
            }

            yield return command.Substring(start, length);
            start += length;
        }
    }
}
