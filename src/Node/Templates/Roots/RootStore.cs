using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates.Roots;

/// <summary>
/// The directories of the roots that users' templates have.
/// <code>
///   .half-RANDOM/rootfs          being filled; then root.json; then all of it is on the disk
///        | rename(2)
///   tpl-DIGEST/rootfs, root.json whole, or not there
///        | rename(2)
///   .half-RANDOM                 being removed
/// </code>
/// What a killed server left half is removed by the next one.
/// </summary>
internal sealed class RootStore(string directory)
{
    public const string RootName = "rootfs";
    private const string ManifestName = "root.json";
    private const string Half = ".half-";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _gate = new();
    private readonly Dictionary<TemplateId, int> _held = [];

    /// <summary>Where the root file system is; null when there is none.</summary>
    public string? PathOf(TemplateId root)
    {
        string path = Path.Combine(directory, root.Value, RootName);
        return Directory.Exists(path) ? path : null;
    }

    /// <summary>A new directory to fill.</summary>
    public string Begin()
    {
        string path = Path.Combine(directory, $"{Half}{Guid.NewGuid():N}");
        Directory.CreateDirectory(directory, OwnerOnly);
        Directory.CreateDirectory(path, OwnerOnly);
        return path;
    }

    /// <summary>Takes a directory that was filled; when there is one of this id already, that one is taken instead.</summary>
    public MadeRoot Complete(string half, TemplateId id, long bytes, ImageConfig? config)
    {
        string path = Path.Combine(directory, id.Value);
        lock (_gate)
        {
            if (!Directory.Exists(path))
            {
                File.WriteAllBytes(Path.Combine(half, ManifestName), JsonSerializer.SerializeToUtf8Bytes(new RootManifest(bytes, config), RootJson.Default.RootManifest));
                Directory.Move(half, path);
            }

            _held[id] = _held.GetValueOrDefault(id) + 1;
        }

        RootManifest manifest = Read(path);
        int released = 0;
        return new MadeRoot(id, manifest.Bytes, manifest.Config, () =>
        {
            if (Interlocked.Exchange(ref released, 1) == 0)
            {
                Release(id);
            }
        });
    }

    public IReadOnlyList<TemplateId> List()
    {
        lock (_gate)
        {
            return !Directory.Exists(directory) ? [] :
            [
                .. Directory.EnumerateDirectories(directory, "tpl-*").Select(path => new TemplateId(Path.GetFileName(path)))
                    .Where(id => !_held.ContainsKey(id)),
            ];
        }
    }

    /// <summary>Takes a root away from those that are there.</summary>
    /// <returns>The directory to remove; null when there is nothing to remove.</returns>
    public string? TakeAway(TemplateId root)
    {
        string path = Path.Combine(directory, root.Value);
        lock (_gate)
        {
            if (_held.ContainsKey(root) || !Directory.Exists(path))
            {
                return null;
            }

            string half = Path.Combine(directory, $"{Half}{Guid.NewGuid():N}");
            Directory.Move(path, half);
            return half;
        }
    }

    /// <summary>What is half, of servers that are no more.</summary>
    public IReadOnlyList<string> Halves() =>
        Directory.Exists(directory) ? [.. Directory.EnumerateDirectories(directory, Half + "*")] : [];

    private void Release(TemplateId id)
    {
        lock (_gate)
        {
            if (--_held[id] == 0)
            {
                _held.Remove(id);
            }
        }
    }

    private static RootManifest Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(path, ManifestName)), RootJson.Default.RootManifest)!;
}

/// <summary>What a root says of itself, in <c>root.json</c> beside its files.</summary>
internal sealed record RootManifest(long Bytes, ImageConfig? Config);

[JsonSerializable(typeof(RootManifest))]
internal sealed partial class RootJson : JsonSerializerContext;
