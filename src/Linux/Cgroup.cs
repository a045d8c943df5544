using System.Globalization;
using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>The directory of one cgroup in one hierarchy.</summary>
public sealed partial class Cgroup(string path)
{
    public string Path { get; } = path;

    public bool Exists => Directory.Exists(Path);

    /// <summary>Makes it and those above it; one that exists stays.</summary>
    public void Create() => Directory.CreateDirectory(Path);

    public bool Has(string file) => File.Exists(FileOf(file));

    public string Read(string file) => File.ReadAllText(FileOf(file)).Trim();

    /// <exception cref="IOException">The kernel refuses the value; the message names the file.</exception>
    public void Write(string file, string value)
    {
        try
        {
            // One write(2), and no truncation: the files of cgroups are not files.
            using var handle = File.OpenHandle(FileOf(file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(handle, System.Text.Encoding.ASCII.GetBytes(value), 0);
        }
        catch (IOException e) when (e is not FileNotFoundException and not DirectoryNotFoundException)
        {
            throw new IOException($"writing '{value}' to {FileOf(file)}: {e.Message}", e);
        }
    }

    /// <summary>The processes in it, not in those below; empty when it does not exist.</summary>
    public IReadOnlyList<int> Pids()
    {
        try
        {
            return ParsePids(File.ReadAllText(FileOf("cgroup.procs")));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) == (int)Errno.ENODEV)
        {
            // Removed between open and read.
            return [];
        }
    }

    public static IReadOnlyList<int> ParsePids(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Where(pid => pid > 0)];

    /// <summary>The number behind a key in a file of <c>key number</c> lines; 0 when it is not there.</summary>
    public static long ParseValue(string text, string key)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ') is [var name, var value] && name == key)
            {
                return long.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }

    /// <summary>Removes it with those below it.</summary>
    /// <returns>False when processes are in it; true when it is gone, also when it never was.</returns>
    /// <exception cref="SyscallException">The kernel refuses for another reason.</exception>
    public bool TryRemove()
    {
        // The common case has no children: no listing.
        Errno refusal = Rmdir(Path);
        if (refusal == Errno.EBUSY && Exists)
        {
            foreach (string child in Directory.EnumerateDirectories(Path))
            {
                if (!new Cgroup(child).TryRemove())
                {
                    return false;
                }
            }

            refusal = Rmdir(Path);
        }

        return refusal switch
        {
            Errno.None or Errno.ENOENT => true,
            Errno.EBUSY => false,
            _ => throw new SyscallException("rmdir", Path, refusal),
        };
    }

    private static Errno Rmdir(string path) => rmdir(path) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    private string FileOf(string name) => System.IO.Path.Combine(Path, name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);
}
