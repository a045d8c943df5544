using System.Text.Json;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Stores;

/// <summary>A snapshot as its columns hold it: times in Unix milliseconds, maps as JSON.</summary>
internal sealed class SnapshotRow
{
    public string Id { get; set; } = "";
    public string Owner { get; set; } = "";
    public string? Name { get; set; }
    public string Image { get; set; } = "";
    public string Sandbox { get; set; } = "";
    public string Template { get; set; } = "";
    public string TemplateName { get; set; } = "";
    public int CpuCount { get; set; }
    public int MemoryMb { get; set; }
    public int StorageGb { get; set; }
    public string Environment { get; set; } = "";
    public long Bytes { get; set; }
    public long CreatedAt { get; set; }

    public static SnapshotRow Of(Snapshot snapshot) => new()
    {
        Id = snapshot.Id.Value,
        Owner = snapshot.Owner.Value,
        Name = snapshot.Name,
        Image = snapshot.Image.Value,
        Sandbox = snapshot.Sandbox.Value,
        Template = snapshot.Template.Value,
        TemplateName = snapshot.TemplateName,
        CpuCount = snapshot.Resources.CpuCount,
        MemoryMb = snapshot.Resources.MemoryMb,
        StorageGb = snapshot.Resources.StorageGb,
        Environment = JsonSerializer.Serialize(snapshot.Environment, RowJson.Default.IReadOnlyDictionaryStringString),
        Bytes = snapshot.Bytes,
        CreatedAt = snapshot.CreatedAt.ToUnixTimeMilliseconds(),
    };

    public Snapshot ToSnapshot() => new()
    {
        Id = SnapshotId.Parse(Id),
        Owner = new UserId(Owner),
        Name = Name,
        Image = ImageId.Parse(Image),
        Sandbox = SandboxId.Parse(Sandbox),
        Template = new TemplateId(Template),
        TemplateName = TemplateName,
        Resources = new SandboxResources(CpuCount, MemoryMb, StorageGb),
        Environment = JsonSerializer.Deserialize(Environment, RowJson.Default.IReadOnlyDictionaryStringString)!,
        Bytes = Bytes,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
    };
}
