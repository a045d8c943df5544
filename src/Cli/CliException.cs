namespace Atoll.Cli;

/// <summary>A failure on this side of the wire, in words for the user.</summary>
/// <param name="message">One sentence with the remedy.</param>
/// <param name="exitCode">1 for a failure, 2 for wrong usage.</param>
internal sealed class CliException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
