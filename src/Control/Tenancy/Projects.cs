using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>Groups of sandboxes as their owners see them; the project of a sandbox is changed by its actor.</summary>
internal sealed class Projects(ProjectStore store, SandboxDirectory directory, Tenants tenants, TimeProvider time) : IProjects
{
    private const int MinName = 2, MaxName = 100, MaxDescription = 1000;

    public async Task<Project> CreateAsync(Caller caller, string name, string description, CancellationToken cancellation)
    {
        CheckTexts(name, description);
        DateTimeOffset now = time.Now();
        var project = new Project(ProjectId.New(now, caller.Operation?.Id), caller.User.Id, name, description, IsDefault: false, 0, now, now);
        await store.InsertAsync(project);
        return project;
    }

    public Task<ProjectPage> ListAsync(Caller caller, string? search, int offset, int limit, CancellationToken cancellation) =>
        Task.FromResult(store.List(caller.User.Id, search, offset, limit));

    public Task<Project> GetAsync(Caller caller, ProjectId id, CancellationToken cancellation) =>
        Task.FromResult(Find(id, caller.MaySee));

    public async Task<Project> UpdateAsync(Caller caller, ProjectId id, string? name, string? description, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        CheckTexts(name, description);
        await store.UpdateAsync(id, name, description, time.Now());
        tenants.Forget();
        return Find(id, caller.MayUse);
    }

    public async Task DeleteAsync(Caller caller, ProjectId id, CancellationToken cancellation)
    {
        Find(id, caller.MayUse);
        await store.DeleteAsync(id);
        tenants.Forget();
    }

    public async Task<ProjectMove> MoveAsync(Caller caller, SandboxId sandbox, ProjectId to, bool onlyRunning, CancellationToken cancellation)
    {
        Sandbox before = Find(caller, sandbox);
        // A project of somebody else is as unknown as one that is not there; whose it is, the store looks at once more.
        Find(to, owner => owner == before.Owner);
        Sandbox moved = await directory.AskAsync(
            sandbox, new SandboxCommand.SetProject(to, onlyRunning), caller.User.Id.Value, cancellation);
        return new ProjectMove(moved, before.Project);
    }

    public async Task<ProjectMove> EvictAsync(Caller caller, SandboxId sandbox, ProjectId from, CancellationToken cancellation)
    {
        Project project = Find(from, caller.MayUse);
        Sandbox before = Find(caller, sandbox);
        if (before.Project != project.Id)
        {
            throw new Fault(FaultCode.NotFound, $"sandbox '{sandbox}' is not in the project '{project.Id}'").AsException();
        }

        return project.IsDefault
            ? throw new Fault(FaultCode.WrongState, "a sandbox cannot be evicted from the default project: add it to another one").AsException()
            : await MoveAsync(caller, sandbox, ProjectId.DefaultOf(before.Owner), onlyRunning: true, cancellation);
    }

    private Sandbox Find(Caller caller, SandboxId id) => directory.Read(id) is { } sandbox && caller.MayUse(sandbox.Owner)
        ? sandbox
        : throw Fault.NotFound("sandbox", id.Value).AsException();

    private Project Find(ProjectId id, Func<UserId, bool> may) =>
        store.Find(id) is { } project && may(project.Owner) ? project : throw Fault.NotFound("project", id.Value).AsException();

    private static void CheckTexts(string? name, string? description)
    {
        if (name is not null && (name.Length is < MinName or > MaxName || name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name)))
        {
            throw Fault.Invalid("name", $"name must be {MinName} to {MaxName} printable characters").AsException();
        }

        if (description?.Length > MaxDescription)
        {
            throw Fault.Invalid("description", $"description must be at most {MaxDescription} characters").AsException();
        }
    }
}
