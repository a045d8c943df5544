namespace Atoll.Node.Runtimes;

/// <summary>Runs a program of the host to its end: a name that is looked up on PATH, or a path.</summary>
/// <param name="limit">It is killed after this.</param>
/// <exception cref="IOException">There is no such program, or it did not end in time.</exception>
internal delegate Task<ProgramResult> RunProgram(string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation);

/// <param name="Output">The first 64 KiB of what it wrote, errors included.</param>
internal sealed record ProgramResult(int ExitCode, string Output);
