using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Finds what a new sandbox is to be made of: a snapshot of its id, else one of the installation's templates, else a
/// snapshot of its name, else a template of a user's. A snapshot may be called <c>NAME:default</c>, as E2B writes it
/// (contracts/e2b.md 1.2), and must be the caller's: no name that somebody else gives a template comes before it.
/// </summary>
internal sealed class CreateOrigins(ITemplates templates, SnapshotStore snapshots, SandboxLimits limits)
{
    private const string Tag = ":default";

    public CreateOrigin Find(string? wanted, UserId owner)
    {
        string name = string.IsNullOrEmpty(wanted) ? limits.DefaultTemplate : wanted;
        string bare = name.EndsWith(Tag, StringComparison.Ordinal) ? name[..^Tag.Length] : name;
        if (SnapshotId.TryParse(bare, out SnapshotId id) && snapshots.Find(id) is { } exact && exact.Owner == owner)
        {
            return Of(exact);
        }

        return templates.Find(name) is null && snapshots.Find(owner, bare) is { } named ? Of(named)
            : templates.Find(owner, name) is { } template ? new CreateOrigin(template, null)
            : throw Fault.Invalid("template", $"unknown template '{name}': GET /v1/templates lists those there are").AsException();
    }

    private CreateOrigin Of(Snapshot snapshot) => new(
        templates.Find(snapshot.Template.Value) ?? new Template
        {
            Id = snapshot.Template,
            Name = snapshot.TemplateName,
            DefaultCpuCount = snapshot.Resources.CpuCount,
            DefaultMemoryMb = snapshot.Resources.MemoryMb,
            CreatedAt = snapshot.CreatedAt,
        },
        snapshot);
}

/// <summary>What a new sandbox is made of.</summary>
/// <param name="Template">That of the snapshot, when it is one, also if it is not there any more: the image holds all of it.</param>
internal sealed record CreateOrigin(Template Template, Snapshot? Snapshot);
