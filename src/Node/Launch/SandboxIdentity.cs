using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Node.Agents;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Launch;

/// <summary>
/// What makes a sandbox a machine of its own, and what of that a restored one is told anew. One that comes back under its own id stays
/// as it was but for its clock, its entropy and what is the host's.
/// </summary>
/// <param name="resolver">The text of <c>/etc/resolv.conf</c>.</param>
internal sealed class SandboxIdentity(string resolver, TimeProvider time)
{
    /// <summary>
    /// A random UUID, another one at every start and every restore. The kernel's entropy is fresh after a restore, but what a program
    /// has made of it in its own memory is there twice when an image is restored twice: one that cares watches this file.
    /// </summary>
    public const string GenerationPath = "/run/atoll/generation";

    private const uint OwnerWritesAllRead = 0x1A4; // 0644
    private const uint AllRead = 0x124; // 0444

    /// <summary>What cannot be left out.</summary>
    /// <param name="isNew">False for a sandbox that comes back under its own id.</param>
    public AgentConfiguration Settings(LaunchRequest request, bool isNew) => new()
    {
        Hostname = isNew ? request.Hostname : "",
        Environment = request.Environment,
        Clock = time.GetUtcNow(),
        Entropy = RandomNumberGenerator.GetBytes(64),
    };

    /// <summary>The files that tell programs who they are.</summary>
    /// <inheritdoc cref="Settings"/>
    public IReadOnlyList<BootFile> Files(LaunchRequest request, bool isNew)
    {
        BootFile[] always =
        [
            File(GenerationPath, OwnerWritesAllRead, Guid.NewGuid() + "\n"),
            File("/etc/resolv.conf", OwnerWritesAllRead, resolver),
        ];
        return !isNew ? always :
        [
            .. always,
            File("/etc/hostname", OwnerWritesAllRead, request.Hostname + "\n"),
            File("/etc/hosts", OwnerWritesAllRead, $"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {request.Hostname}\n"),

            // The 128 bits of its id: machine-id(5) wants them in hexadecimal.
            File("/etc/machine-id", AllRead, request.Id.Bits.ToString("x32", CultureInfo.InvariantCulture) + "\n"),
        ];
    }

    private static BootFile File(string path, uint mode, string text) => new(path, mode, Encoding.UTF8.GetBytes(text));
}
