using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Tenancy;

public sealed class QuotaTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Theory]
    [InlineData("sandboxes")]
    [InlineData("cpu_count")]
    [InlineData("memory_mb")]
    [InlineData("storage_gb")]
    public async Task Creates_at_the_same_moment_never_exceed_a_quota(string field)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        var quota = field switch
        {
            "sandboxes" => new Quota(Sandboxes: 3),
            "cpu_count" => new Quota(CpuCount: 7),
            "memory_mb" => new Quota(MemoryMb: 3 * 512 + 511),
            _ => new Quota(StorageGb: 7),
        };
        await world.Get<IQuotas>().SetAsync(world.Root, world.Root.User.Id, null, quota, default);

        Fault?[] answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            try
            {
                await world.CreateAsync(new CreateSandbox { CpuCount = 2, MemoryMb = 512, StorageGb = 2 });
                return null;
            }
            catch (FaultException e)
            {
                return e.Fault;
            }
        }));

        Assert.Equal(3, answers.Count(fault => fault is null));
        Assert.All(answers.OfType<Fault>(), fault =>
        {
            Assert.Equal(FaultCode.QuotaExceeded, fault.Code);
            Assert.Contains(field, fault.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task What_is_paused_takes_no_memory_and_comes_back_only_when_there_is_some()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await world.Get<IQuotas>().SetAsync(world.Root, world.Root.User.Id, null, new Quota(MemoryMb: 512), default);
        Sandbox first = await world.CreateAsync(new CreateSandbox { MemoryMb = 512 });
        await world.Sandboxes.PauseAsync(world.Root, first.Id, wait: true, default);
        Sandbox second = await world.CreateAsync(new CreateSandbox { MemoryMb = 512 });

        Fault fault = await ControlWorld.FaultAsync(() => world.Sandboxes.ResumeAsync(world.Root, first.Id, null, wait: true, default));
        Assert.Equal(FaultCode.QuotaExceeded, fault.Code);
        Assert.Contains("memory_mb is 512 and 512 are used", fault.Message, StringComparison.Ordinal);
        Assert.Equal(SandboxState.Paused, (await world.Sandboxes.GetAsync(world.Root, first.Id, default)).State);

        await world.Sandboxes.PauseAsync(world.Root, second.Id, wait: true, default);
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.ResumeAsync(world.Root, first.Id, null, wait: true, default)).State);
    }

    [Fact]
    public async Task A_project_has_a_quota_of_its_own_also_for_what_is_moved_into_it()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Project project = await world.Get<IProjects>().CreateAsync(world.Root, "small", "", default);
        await world.Get<IQuotas>().SetAsync(world.Root, null, project.Id, new Quota(Sandboxes: 1), default);
        await world.CreateAsync(new CreateSandbox { Project = project.Id });

        Assert.Equal(FaultCode.QuotaExceeded, (await ControlWorld.FaultAsync(() => world.CreateAsync(new CreateSandbox { Project = project.Id }))).Code);
        Sandbox elsewhere = await world.CreateAsync();
        Assert.Equal(FaultCode.QuotaExceeded, (await ControlWorld.FaultAsync(() =>
            world.Get<IProjects>().MoveAsync(world.Root, elsewhere.Id, project.Id, onlyRunning: false, default))).Code);
        Assert.Equal(ProjectId.DefaultOf(world.Root.User.Id), (await world.Sandboxes.GetAsync(world.Root, elsewhere.Id, default)).Project);
    }

    [Fact]
    public async Task A_user_asks_and_an_admin_grants()
    {
        (User user, string key) = await server.UserAsync("hungry");
        Assert.Equal(200, (await server.ControlAsync(HttpMethod.Put, "/v1/user-management/quota-allocations", new { user_id = user.Id.Value, sandboxes = 0 })).Status);
        Reply refused = await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { }, key);
        refused.IsError(429, "quota_exceeded");
        Assert.Contains("sandboxes is 0 and 0 are used", refused.Error, StringComparison.Ordinal);
        Assert.False(refused.Message.Headers.Contains("Retry-After"));

        Reply asked = await server.ControlAsync(HttpMethod.Post, "/v1/user-management/quota-requests", new { sandboxes = 2, reason = "a demo" }, key);
        Assert.Equal((201, "pending"), (asked.Status, asked.Data.GetProperty("status").GetString()));
        string path = $"/v1/user-management/quota-requests/{asked.Data.GetProperty("request_id").GetString()}";
        Assert.Equal(403, (await server.ControlAsync(HttpMethod.Post, $"{path}/approve", new { }, key)).Status);
        Assert.Equal("approved", (await server.ControlAsync(HttpMethod.Post, $"{path}/approve", new { note = "ok" })).Data.GetProperty("status").GetString());
        (await server.ControlAsync(HttpMethod.Post, $"{path}/reject")).IsError(409, "wrong_state");

        JsonElement quota = (await server.ControlAsync(HttpMethod.Get, "/v1/usage/quotas", key: key)).Data;
        Assert.Equal((2, 0, 2), (Number("limit"), Number("used"), Number("remaining")));
        Assert.Equal(201, (await server.ControlAsync(HttpMethod.Post, "/v1/sandboxes", new { }, key)).Status);
        quota = (await server.ControlAsync(HttpMethod.Get, "/v1/usage/quotas", key: key)).Data;
        Assert.Equal((2, 1, 1), (Number("limit"), Number("used"), Number("remaining")));
        Assert.Contains(user.Id.Value, (await server.ControlAsync(HttpMethod.Get, "/v1/user-management/quota-allocations")).Text, StringComparison.Ordinal);
        Assert.Equal("ok", Assert.Single((await server.ControlAsync(HttpMethod.Get, "/v1/usage/quota-requests", key: key)).Data
            .GetProperty("quota_requests").EnumerateArray()).GetProperty("note").GetString());

        int Number(string name) => quota.GetProperty("sandboxes").GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Nobody_reads_anothers_quota_and_a_bad_one_is_400()
    {
        (User other, _) = await server.UserAsync("quiet");
        string key = await server.KeyOfAsync("nosy");

        (await server.ControlAsync(HttpMethod.Get, $"/v1/usage/quotas?user_id={other.Id}", key: key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Get, $"/v1/usage/quotas?project_id={ProjectId.DefaultOf(other.Id)}", key: key)).IsError(404, "not_found");
        (await server.ControlAsync(HttpMethod.Get, "/v1/usage/quota-requests?user_id=all", key: key)).IsError(403, "forbidden");
        (await server.ControlAsync(HttpMethod.Put, "/v1/user-management/quota-allocations", new { sandboxes = 1 })).IsError(400, "invalid_argument", "user_id");
        (await server.ControlAsync(HttpMethod.Put, "/v1/user-management/quota-allocations", new { user_id = other.Id.Value, memory_mb = -1 }))
            .IsError(400, "invalid_argument", "memory_mb");
        (await server.ControlAsync(HttpMethod.Post, "/v1/usage/quota-requests", new { reason = "more" }, key)).IsError(400, "invalid_argument", "sandboxes");
    }
}
