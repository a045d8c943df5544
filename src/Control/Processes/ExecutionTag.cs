using System.Globalization;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Processes;

namespace Atoll.Control.Processes;

/// <summary>
/// The tag by which a run is found again among a sandbox's processes, also by a later server process:
/// <c>exec:STARTED:DEADLINE:OPERATION</c>, times in Unix milliseconds, the operation only of one that may be asked for twice.
/// </summary>
internal static class ExecutionTag
{
    private const string Prefix = "exec:";

    public static string Of(DateTimeOffset started, DateTimeOffset deadline, Operation? operation = null) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{started.ToUnixTimeMilliseconds()}:{deadline.ToUnixTimeMilliseconds()}{(operation is null ? "" : $":{operation.Id}")}");

    public static bool IsOf(ProcessInfo process, Operation operation) => process.Tag.EndsWith($":{operation.Id}", StringComparison.Ordinal);

    /// <summary>Null for a process that is no run.</summary>
    public static Execution? Read(ProcessInfo process)
    {
        if (!process.Tag.StartsWith(Prefix, StringComparison.Ordinal) || ShellCommand.Read(process.Arguments) is not { } command)
        {
            return null;
        }

        string[] parts = process.Tag[Prefix.Length..].Split(':');
        return (parts.Length == 2 || (parts.Length == 3 && Ulid.IsValid(parts[2]))) && Time(parts[0]) is { } started && Time(parts[1]) is { } deadline
            ? new Execution(process.Pid, command, process.WorkingDirectory, started, deadline)
            : null;
    }

    private static DateTimeOffset? Time(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
