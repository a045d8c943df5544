using System.Collections.Frozen;
using System.Text.Json;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates;

/// <summary>The templates that were built on this machine, as they were found when the store was opened. Immutable.</summary>
internal sealed class TemplateStore : ITemplates
{
    private readonly string _directory;
    private readonly FrozenDictionary<string, Template> _byNameOrId;
    private readonly IReadOnlyList<Template> _all;

    private TemplateStore(string directory, IReadOnlyList<Template> all, IReadOnlyList<RefusedTemplate> refused)
    {
        _directory = directory;
        _all = all;
        Refused = refused;
        var found = new Dictionary<string, Template>(StringComparer.Ordinal);
        foreach (Template template in all)
        {
            found.TryAdd(template.Name, template);
            found[template.Id.Value] = template;
        }

        _byNameOrId = found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Directories that are not whole templates, with the reason; worth a warning in the log.</summary>
    public IReadOnlyList<RefusedTemplate> Refused { get; }

    /// <summary>Reads every manifest in a directory, which need not exist yet.</summary>
    public static TemplateStore Open(string directory)
    {
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

        return new TemplateStore(directory, [.. whole.OrderByDescending(t => t.CreatedAt)], refused);
    }

    /// <summary>By id, or the newest of a name.</summary>
    public Template? Find(string nameOrId) => _byNameOrId.GetValueOrDefault(nameOrId);

    public IReadOnlyList<Template> List() => _all;

    /// <summary>Where the root file system is. Sandboxes share it: nobody may write there.</summary>
    public string RootfsPath(TemplateId id) => _byNameOrId.ContainsKey(id.Value)
        ? Path.Combine(_directory, id.Value, TemplateManifest.RootName)
        : throw new DirectoryNotFoundException($"template {id} is not in {_directory}");

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
}

/// <summary>A directory among the templates that cannot be used.</summary>
internal sealed record RefusedTemplate(string Path, string Reason);
