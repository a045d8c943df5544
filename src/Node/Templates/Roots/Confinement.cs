using Atoll.Domain;
using Atoll.Linux;
using Atoll.Node.Runtimes;

namespace Atoll.Node.Templates.Roots;

/// <summary>
/// Runs programs on files that strangers made, by bubblewrap: they see the machine's programs, one file as <c>/given</c>, both read-only,
/// and one directory of their own as <c>/work</c>, and have no network and no power but over owners and modes of files. Whatever paths,
/// links and devices an archive holds, nothing outside of that directory is there to be written to.
/// </summary>
internal sealed class Confinement(HostProcesses processes)
{
    /// <summary>Where the file is that a program is given.</summary>
    public const string Given = "/given";

    private const string Work = "/work";

    private static readonly string[] Walls =
    [
        "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin", "--symlink", "usr/lib", "/lib",
        "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", Work, "--clearenv",
        "--setenv", "PATH", "/usr/sbin:/usr/bin", "--setenv", "HOME", "/tmp", "--setenv", "LC_ALL", "C.UTF-8", "--cap-drop", "ALL",
        .. ((string[])["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP", "MKNOD"]).SelectMany(name => new[] { "--cap-add", $"CAP_{name}" }),
    ];

    /// <summary>
    /// Runs a script of bash in a directory, to its end. Once <paramref name="cancellation"/> is asked for, all of it is killed, and may
    /// have some milliseconds left when this returns.
    /// </summary>
    /// <returns>Its output, at most 64 KiB: the script has to see to that.</returns>
    /// <exception cref="FaultException">It failed; the message has the end of its output.</exception>
    public async Task<string> RunAsync(string directory, string given, string script, TimeSpan limit, CancellationToken cancellation)
    {
        // The program dies with the thread that starts it, as is meant of the server: a thread of its own, which waits for it.
        ProgramResult result = await DedicatedThread.RunAsync(() => processes.RunAsync(
            "bwrap", [.. Walls, "--ro-bind", given, Given, "--bind", directory, Work, "--", "bash", "-o", "pipefail", "-ec", script], limit, cancellation)
            .GetAwaiter().GetResult());
        return result.ExitCode == 0
            ? result.Output
            : throw Fault.Invalid("image", $"the files could not be unpacked: {Last(result.Output)}").AsException();
    }

    private static string Last(string output) => output.Length <= 500 ? output.Trim() : output[^500..].Trim();
}
