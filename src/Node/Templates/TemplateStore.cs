using System.Collections.Frozen;
using System.Text.Json;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates;

/// <summary>
/// The templates that were built on this machine. One that is built, or removed, while this is open is seen at the next
/// look: the directory's time of modification says whether anything came or went.
/// </summary>
internal sealed class TemplateStore : IBuiltInTemplates
{
    private readonly string _directory;
    private volatile Found _found;

    private TemplateStore(string directory, Found found) => (_directory, _found) = (directory, found);

    /// <summary>Directories that are not whole templates, with the reason; worth a warning in the log.</summary>
    public IReadOnlyList<RefusedTemplate> Refused => Now().Refused;

    /// <summary>Reads every manifest in a directory, which need not exist yet.</summary>
    public static TemplateStore Open(string directory) => new(directory, Look(directory));

    /// <summary>By id, or the newest of a name.</summary>
    public Template? Find(string nameOrId) => Now().ByNameOrId.GetValueOrDefault(nameOrId);

    public IReadOnlyList<Template> List() => Now().All;

    /// <summary>Where the root file system is. Sandboxes share it: nobody may write there.</summary>
    public string RootfsPath(TemplateId id) => Now().ByNameOrId.ContainsKey(id.Value)
        ? Path.Combine(_directory, id.Value, TemplateManifest.RootName)
        : throw new DirectoryNotFoundException($"template {id} is not in {_directory}");

    private Found Now()
    {
        Found found = _found;
        return found.Changed == Directory.GetLastWriteTimeUtc(_directory) ? found : _found = Look(_directory);
    }

    private static Found Look(string directory)
    {
        // Before its content: what comes in between is seen at the next look.
        DateTime changed = Directory.GetLastWriteTimeUtc(directory);
        List<Template> whole = [];
        List<RefusedTemplate> refused = [];
        if (Directory.Exists(directory))
        {
            foreach (string path in Directory.EnumerateDirectories(directory, "tpl-*").Order(StringComparer.Ordinal))
            {
                try
                {
                    whole.Add(Read(path));
                }
                catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
                {
                    refused.Add(new RefusedTemplate(path, e.Message));
                }
            }
        }

        return new Found(changed, [.. whole.OrderByDescending(t => t.CreatedAt)], refused);
    }

    private static Template Read(string path)
    {
        TemplateManifest manifest = TemplateManifest.Read(path);
        if (manifest.Id != Path.GetFileName(path))
        {
            throw new IOException($"its manifest is that of {manifest.Id}");
        }

        if (!Directory.Exists(Path.Combine(path, TemplateManifest.RootName, "usr")))
        {
            throw new IOException("it has no root file system");
        }

        return manifest.ToTemplate();
    }

    /// <summary>What one look at the directory found.</summary>
    private sealed class Found
    {
        public Found(DateTime changed, IReadOnlyList<Template> all, IReadOnlyList<RefusedTemplate> refused)
        {
            (Changed, All, Refused) = (changed, all, refused);
            var found = new Dictionary<string, Template>(StringComparer.Ordinal);
            foreach (Template template in all)
            {
                found.TryAdd(template.Name, template);
                found[template.Id.Value] = template;
            }

            ByNameOrId = found.ToFrozenDictionary(StringComparer.Ordinal);
        }

        public DateTime Changed { get; }

        public IReadOnlyList<Template> All { get; }

        public IReadOnlyList<RefusedTemplate> Refused { get; }

        public FrozenDictionary<string, Template> ByNameOrId { get; }
    }
}

/// <summary>A directory among the templates that cannot be used.</summary>
internal sealed record RefusedTemplate(string Path, string Reason);
