using System.Text.RegularExpressions;
using Atoll.Control.Idempotency;
using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Snapshots;

/// <summary>Snapshots as their owners see them. One that is being taken is taken also when who asked for it goes away.</summary>
internal sealed partial class OwnedSnapshots(
    SandboxDirectory directory, ImageHolds holds, ImageReferences images, SnapshotStore store, INode node, TimeProvider time, ControlOptions options) : ISnapshots
{
    private const int MaxPage = 500;
    private readonly Attempts<Snapshot> _attempts = new();

    public Task<Snapshot> TakeAsync(Caller caller, SandboxId sandbox, string? name, CancellationToken cancellation) =>
        _attempts.JoinAsync(caller, () => TakeAsync(caller, sandbox, name)).WaitAsync(cancellation);

    public Task<Snapshot> GetAsync(Caller caller, SnapshotId id, CancellationToken cancellation) => Task.FromResult(Find(id, caller.MaySee));

    public Task<SnapshotPage> ListAsync(Caller caller, SnapshotQuery query, CancellationToken cancellation)
    {
        if (query.Limit is < 1 or > MaxPage)
        {
            throw Fault.Invalid("limit", $"limit must be 1 to {MaxPage}").AsException();
        }

        return query.Offset < 0
            ? throw Fault.Invalid("offset", "offset must be 0 or more").AsException()
            : Task.FromResult(store.List(caller.User.Id, query));
    }

    public async Task DeleteAsync(Caller caller, SnapshotId id, CancellationToken cancellation)
    {
        Snapshot snapshot = Find(id, caller.MayUse);
        await store.RemoveAsync(snapshot, caller.User.Id.Value, time.Now());
        images.Forget(snapshot.Image);
    }

    private async Task<Snapshot> TakeAsync(Caller caller, SandboxId sandbox, string? name)
    {
        // It stays what was asked for, whatever has become of the sandbox since.
        if (caller.Operation is { IsRepeat: true } repeat && store.Find(SnapshotId.Parse(repeat.Id)) is { } taken && taken.Owner == caller.User.Id)
        {
            return taken;
        }

        Check(caller, sandbox, name);
        using ImageHold hold = await holds.HoldAsync(sandbox, caller.User.Id.Value);
        SandboxImage image = node.FindImage(hold.Image)
            ?? throw new Fault(FaultCode.IncompatibleImage, "the image of the sandbox is not there any more, or damaged").AsException();
        DateTimeOffset now = time.Now();
        var snapshot = new Snapshot
        {
            Id = caller.Operation is { } operation ? SnapshotId.Parse(operation.Id) : SnapshotId.New(now),
            Owner = caller.User.Id,
            Name = name,
            Image = hold.Image,
            Sandbox = sandbox,
            Template = hold.Of.Template,
            TemplateName = hold.Of.TemplateName,
            Resources = hold.Of.Resources,
            Environment = hold.Of.Environment,
            Bytes = image.Bytes,
            CreatedAt = now,
        };
        await store.InsertAsync(snapshot, options.MaxSnapshotsPerUser, caller.User.Id.Value);
        return snapshot;
    }

    private void Check(Caller caller, SandboxId sandbox, string? name)
    {
        if (directory.Read(sandbox) is not { } original || !caller.MayUse(original.Owner))
        {
            throw Fault.NotFound("sandbox", sandbox.Value).AsException();
        }

        if (name is not null && !Name().IsMatch(name))
        {
            throw Fault.Invalid("name", "name must be 1 to 64 of a-z, 0-9, '_' and '-'").AsException();
        }

        store.Check(caller.User.Id, name, options.MaxSnapshotsPerUser);
    }

    private Snapshot Find(SnapshotId id, Func<UserId, bool> may) => store.Find(id) is { } snapshot && may(snapshot.Owner)
        ? snapshot
        : throw Fault.NotFound("snapshot", id.Value).AsException();

    [GeneratedRegex(@"^[a-z0-9_-]{1,64}\z")]
    private static partial Regex Name();
}
