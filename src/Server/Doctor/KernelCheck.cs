using System.Runtime.InteropServices;

namespace Atoll.Server.Doctor;

/// <summary>The kernel must be new enough for what sandboxes are made of.</summary>
internal sealed class KernelCheck : ICheck
{
    private static readonly Version Least = new(5, 10);

    public string Name => "kernel";

    public async Task<Finding> RunAsync(CancellationToken cancellation) =>
        Judge((await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", cancellation)).Trim(), RuntimeInformation.OSArchitecture);

    /// <param name="release">As <c>uname -r</c> prints it.</param>
    public static Finding Judge(string release, Architecture architecture)
    {
        if (architecture != Architecture.X64)
        {
            return Finding.Fail($"the machine is {architecture}", "this version is built for x86-64 only: use such a machine");
        }

        string[] numbers = release.Split('.', '-', '+');
        if (numbers.Length < 2 || !int.TryParse(numbers[0], out int major) || !int.TryParse(numbers[1], out int minor))
        {
            return Finding.Warn($"'{release}' is no version that Atoll knows", $"make sure that it is {Least} or newer");
        }

        return new Version(major, minor) >= Least
            ? Finding.Ok($"Linux {release}")
            : Finding.Fail($"Linux {release} is older than {Least}", "install a newer kernel, as Debian 12 has, and reboot");
    }
}
