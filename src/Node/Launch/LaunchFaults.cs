namespace Atoll.Node.Launch;

/// <summary>
/// Faults injected into launches, for tests: at a point such as <c>after:network</c> the given action runs, which
/// may throw or end the process. Empty in production.
/// </summary>
internal sealed class LaunchFaults(Action<string>? reach = null)
{
    /// <summary>Read at start: <c>kill@after:network</c> ends the process there as <c>kill -9</c> would, <c>throw@before:disk</c> throws.</summary>
    public const string Variable = "ATOLL_FAULT";

    public static LaunchFaults None { get; } = new();

    public void Reach(string point) => reach?.Invoke(point);

    public static LaunchFaults Parse(string? text, Action kill)
    {
        if (string.IsNullOrEmpty(text))
        {
            return None;
        }

        return text.Split('@', 2) switch
        {
            ["kill", var point] => new LaunchFaults(reached =>
            {
                if (reached == point)
                {
                    kill();
                }
            }),
            ["throw", var point] => new LaunchFaults(reached =>
            {
                if (reached == point)
                {
                    throw new IOException($"fault injected at {point}");
                }
            }),
            _ => throw new FormatException($"{Variable}={text}: expected kill@POINT or throw@POINT, such as kill@after:network"),
        };
    }
}
