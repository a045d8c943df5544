using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>Quotas as users read and ask for them, and as who manages others grants them.</summary>
internal sealed class Quotas(QuotaStore store, ProjectStore projects, UserStore users, TimeProvider time) : IQuotas
{
    private const int MaxReason = 1000;

    public Task<QuotaState> GetAsync(Caller caller, UserId? user, ProjectId? project, CancellationToken cancellation) =>
        Task.FromResult(Read(Subject(user ?? caller.User.Id, project, caller.MaySee), project));

    public Task<IReadOnlyList<QuotaState>> ListAsync(Caller caller, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        return Task.FromResult(store.Given());
    }

    public async Task<QuotaState> SetAsync(Caller caller, UserId? user, ProjectId? project, Quota quota, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        CheckNumbers(quota);
        UserId owner = Subject(user ?? caller.User.Id, project, caller.MaySee);
        await store.SetAsync(owner, project, quota);
        return Read(owner, project);
    }

    public async Task<QuotaRequest> RequestAsync(Caller caller, ProjectId? project, Quota wanted, string reason, CancellationToken cancellation)
    {
        CheckNumbers(wanted);
        CheckReason("reason", reason);
        if (wanted == new Quota())
        {
            throw Fault.Invalid("sandboxes", "say at least one of sandboxes, cpu_count, memory_mb and storage_gb").AsException();
        }

        UserId owner = Subject(caller.User.Id, project, caller.Owns);
        DateTimeOffset now = time.Now();
        var request = new QuotaRequest(
            $"qrq-{caller.Operation?.Id ?? Ulid.New(now)}", owner, project, wanted, reason, QuotaRequestState.Pending, "", now, null);
        await store.InsertAsync(request);
        return request;
    }

    public Task<QuotaRequestPage> RequestsAsync(Caller caller, bool ofEverybody, int offset, int limit, CancellationToken cancellation)
    {
        if (ofEverybody)
        {
            RequireAdmin(caller);
        }

        return Task.FromResult(store.Requests(ofEverybody ? null : caller.User.Id, offset, limit));
    }

    public async Task<QuotaRequest> DecideAsync(Caller caller, string id, bool grant, string note, CancellationToken cancellation)
    {
        RequireAdmin(caller);
        CheckReason("note", note);
        return await store.DecideAsync(id, grant, note, time.Now());
    }

    private QuotaState Read(UserId owner, ProjectId? project) => project is { } one ? store.OfProject(owner, one) : store.OfUser(owner);

    /// <summary>The user whose quota it is, or whose project it is.</summary>
    private UserId Subject(UserId user, ProjectId? project, Func<UserId, bool> may)
    {
        if (project is { } id)
        {
            return projects.Find(id) is { } found && may(found.Owner) ? found.Owner : throw Fault.NotFound("project", id.Value).AsException();
        }

        return may(user) && users.Find(user) is not null ? user : throw Fault.NotFound("user", user.Value).AsException();
    }

    private static void RequireAdmin(Caller caller)
    {
        if (!caller.IsAdmin)
        {
            throw new Fault(FaultCode.Forbidden, "this needs the role admin or root: ask who runs the server").AsException();
        }
    }

    private static void CheckNumbers(Quota quota)
    {
        foreach ((string name, int? value) in new[]
        {
            ("sandboxes", quota.Sandboxes), ("cpu_count", quota.CpuCount), ("memory_mb", quota.MemoryMb), ("storage_gb", quota.StorageGb),
        })
        {
            if (value < 0)
            {
                throw Fault.Invalid(name, $"{name} must be 0 or more, or null for the default").AsException();
            }
        }
    }

    private static void CheckReason(string field, string text)
    {
        if (text.Length > MaxReason)
        {
            throw Fault.Invalid(field, $"{field} must be at most {MaxReason} characters").AsException();
        }
    }
}
