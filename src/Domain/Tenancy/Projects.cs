using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Tenancy;

/// <summary>Names one project: <c>prj-</c> and a ULID.</summary>
public readonly record struct ProjectId(string Value)
{
    private const string Prefix = "prj-", UserPrefix = "usr-";

    public override string ToString() => Value;

    /// <summary>The project that a user has from the start: its id follows from the user's.</summary>
    public static ProjectId DefaultOf(UserId user) =>
        new(Prefix + (user.Value.StartsWith(UserPrefix, StringComparison.Ordinal) ? user.Value[UserPrefix.Length..] : user.Value));

    /// <param name="ulid">The operation's, when the making may be repeated; null otherwise.</param>
    public static ProjectId New(DateTimeOffset now, string? ulid = null) => new(Prefix + (ulid ?? Ulid.New(now)));
}

/// <summary>A named group of one user's sandboxes. Each sandbox is in exactly one.</summary>
/// <param name="Name">2 to 100 characters, unique among its owner's.</param>
/// <param name="IsDefault">The one that sandboxes are in when nobody says otherwise; it cannot be deleted.</param>
/// <param name="SandboxCount">Its sandboxes that are not over.</param>
public sealed record Project(
    ProjectId Id, UserId Owner, string Name, string Description, bool IsDefault, int SandboxCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>One page of a list and how many there are in all.</summary>
public sealed record ProjectPage(IReadOnlyList<Project> Projects, int Total);

/// <summary>A sandbox after its project was set.</summary>
/// <param name="Previous">Where it was before.</param>
public sealed record ProjectMove(Sandbox Sandbox, ProjectId Previous);

/// <summary>
/// The port through which dialects group sandboxes. Another user's project is not found, but by
/// <see cref="Caller.MaySee"/>.
/// </summary>
public interface IProjects
{
    /// <summary><see cref="FaultCode.AlreadyExists"/> when the caller has one of that name, <see cref="FaultCode.QuotaExceeded"/> at <see cref="MaxPerUser"/>.</summary>
    Task<Project> CreateAsync(Caller caller, string name, string description, CancellationToken cancellation);

    /// <summary>The caller's own, the default one first, then by age.</summary>
    /// <param name="search">Text in the name, whatever its case; null for all.</param>
    Task<ProjectPage> ListAsync(Caller caller, string? search, int offset, int limit, CancellationToken cancellation);

    Task<Project> GetAsync(Caller caller, ProjectId id, CancellationToken cancellation);

    /// <summary>Changes what is not null.</summary>
    Task<Project> UpdateAsync(Caller caller, ProjectId id, string? name, string? description, CancellationToken cancellation);

    /// <summary>
    /// <see cref="FaultCode.WrongState"/> for the default project and for one with sandboxes that are not over; the records
    /// of those that are go to the default project.
    /// </summary>
    Task DeleteAsync(Caller caller, ProjectId id, CancellationToken cancellation);

    /// <summary>
    /// Puts a sandbox into another project of its owner. <see cref="FaultCode.WrongState"/> for one that is over, or
    /// that does not run when <paramref name="onlyRunning"/>; one that is there already stays.
    /// </summary>
    Task<ProjectMove> MoveAsync(Caller caller, SandboxId sandbox, ProjectId to, bool onlyRunning, CancellationToken cancellation);

    /// <summary>
    /// Puts a running sandbox of a project into its owner's default one. <see cref="FaultCode.NotFound"/> when it is in
    /// another, <see cref="FaultCode.WrongState"/> when the project is the default one.
    /// </summary>
    Task<ProjectMove> EvictAsync(Caller caller, SandboxId sandbox, ProjectId from, CancellationToken cancellation);

    /// <summary>At most this many a user, the default one included.</summary>
    const int MaxPerUser = 200;
}

/// <summary>Who and what the ids in other records stand for. Answers from memory where it can.</summary>
public interface ITenants
{
    /// <summary>Null when there is none any more.</summary>
    User? User(UserId id);

    /// <summary>The name of a project; that of the default one when there is none any more.</summary>
    string ProjectName(ProjectId id);
}
