using System.Security.Cryptography;
using Atoll.Node.Images;
using Atoll.Node.Recovery;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// The agents that sandboxes of this machine run, each under the digest of its bytes: a restored sandbox has pages of the very file that it
/// was started from, so a newer server keeps the agents of older images.
/// <code>
///   DATA/agents/DIGEST/atoll-agent
/// </code>
/// </summary>
/// <param name="shipped">The agent of this version of the server.</param>
internal sealed class AgentBinaries(string directory, string shipped)
{
    private const string FileName = "atoll-agent";
    private string? _current;

    /// <summary>The digest of the agent that new sandboxes get.</summary>
    public string Current => _current ?? throw new InvalidOperationException("the driver was not prepared");

    public string PathOf(string digest) => Path.Combine(directory, digest, FileName);

    public bool Has(string digest) => File.Exists(PathOf(digest));

    /// <summary>Keeps the shipped agent, and forgets those that nothing needs any more.</summary>
    public void Prepare(LaunchJournal journal, ImageStore images)
    {
        using (FileStream file = File.OpenRead(shipped))
        {
            _current = Convert.ToHexStringLower(SHA256.HashData(file));
        }

        HashSet<string?> needed =
        [
            _current,
            .. journal.List().Select(record => record.Agent),
            .. images.List().Select(images.Find).Select(manifest => manifest?.Agent),
        ];
        foreach (string path in Directory.CreateDirectory(directory).EnumerateDirectories().Select(found => found.FullName))
        {
            if (!needed.Contains(Path.GetFileName(path)))
            {
                Directory.Delete(path, recursive: true);
            }
        }

        if (!Has(_current))
        {
            Keep(_current);
        }
    }

    // There whole or not at all, also after a loss of power.
    private void Keep(string digest)
    {
        string half = Path.Combine(directory, digest + ".half");
        Directory.CreateDirectory(half);
        string copy = Path.Combine(half, FileName);
        File.Copy(shipped, copy, overwrite: true);
        File.SetUnixFileMode(copy, (UnixFileMode)0x16D); // 0555
        using (SafeFileHandle file = File.OpenHandle(copy, FileMode.Open, FileAccess.Read))
        {
            RandomAccess.FlushToDisk(file);
        }

        Directory.Move(half, Path.Combine(directory, digest));
        Linux.Files.SyncDirectory(directory);
    }
}
