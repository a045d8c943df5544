using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;
using Atoll.Node.Launch;
using Atoll.Unit.Api;
using Atoll.Unit.Control;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Idempotency;

/// <summary>Requests that are repeated because the server died, or the client left, before the first answer was told.</summary>
public sealed class LostAnswerTests
{
    private const string Key = "once";
    private static readonly byte[] Print = [7];

    public static TheoryData<string> Deaths() =>
        ["claimed", "running", .. new[] { "network", "disk", "bundle", "runtime" }.SelectMany(step => new[] { $"before:{step}", $"after:{step}" })];

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_create_is_never_doubled_wherever_the_server_is_killed(string death)
    {
        using var released = new ManualResetEventSlim();
        var reached = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.Faults = new LaunchFaults(at =>
        {
            if (at == death)
            {
                reached.TrySetResult();
                released.Wait(ControlWorld.Bound);
                throw new IOException("the killed server must not go on");
            }
        }));
        try
        {
            Caller first = await ClaimAsync(world);
            if (death != "claimed")
            {
                await world.Sandboxes.CreateAsync(first, new CreateSandbox(), wait: death is "running", default).WaitAsync(ControlWorld.Bound);
                await (death is "running" ? Task.CompletedTask : reached.Task.WaitAsync(ControlWorld.Bound));
            }

            await world.KillAsync();
            world.Faults = LaunchFaults.None;
            await world.StartControlAsync();

            Caller again = await ClaimAsync(world);
            Assert.Equal((first.Operation!.Id, true), (again.Operation!.Id, again.Operation.IsRepeat));
            Sandbox answered = await world.Sandboxes.CreateAsync(again, new CreateSandbox(), wait: true, default).WaitAsync(ControlWorld.Bound);
            Sandbox onceMore = await world.Sandboxes.CreateAsync(again, new CreateSandbox(), wait: true, default).WaitAsync(ControlWorld.Bound);

            Assert.Equal((SandboxState.Running, answered.Id), (answered.State, onceMore.Id));
            IReadOnlyList<Sandbox> all = (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Sandboxes;
            Assert.Equal(answered.Id, Assert.Single(all, sandbox => !sandbox.State.IsFinal()).Id);
            foreach (Sandbox failed in all.Where(sandbox => sandbox.Id != answered.Id))
            {
                await world.AsleepAsync(failed.Id);
            }

            Assert.Equal([answered.Id], await world.Node.ListAsync(default));
        }
        finally
        {
            released.Set();
        }
    }

    [Fact]
    public async Task A_create_that_still_goes_on_is_waited_for_by_its_repeat()
    {
        var gate = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, token) => step is "disk" ? gate.Task.WaitAsync(token) : Task.CompletedTask);
        Caller caller = await ClaimAsync(world);
        Sandbox begun = await world.Sandboxes.CreateAsync(caller, new CreateSandbox(), wait: false, default);

        Caller repeat = caller with { Operation = caller.Operation! with { IsRepeat = true } };
        Task<Sandbox> waiting = world.Sandboxes.CreateAsync(repeat, new CreateSandbox(), wait: true, default);
        gate.SetResult();

        Sandbox answered = await waiting.WaitAsync(ControlWorld.Bound);
        Assert.Equal((begun.Id, SandboxState.Running), (answered.Id, answered.State));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Forks_and_snapshots_whose_answer_was_lost_are_answered_and_not_made_again_also_when_the_original_is_gone(bool gone)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();
        Caller first = await ClaimAsync(world);
        var fork = new ForkSandbox { Count = 3 };
        IReadOnlyList<Sandbox> copies = await world.Sandboxes.ForkAsync(first, original.Id, fork, default).WaitAsync(ControlWorld.Bound);
        Snapshot taken = await world.Snapshots.TakeAsync(first, original.Id, "once", default).WaitAsync(ControlWorld.Bound);
        Assert.Equal(Enumerable.Range(0, 3).Select(first.Operation!.UlidOf), copies.Select(copy => copy.Id.Value));
        await world.KillAsync();
        await world.StartControlAsync();
        Caller again = await ClaimAsync(world);
        if (gone)
        {
            await world.Sandboxes.DeleteAsync(world.Root, original.Id, default);
            await world.UntilAsync(original.Id, seen => seen is null);
        }

        IReadOnlyList<Sandbox> told = await world.Sandboxes.ForkAsync(again, original.Id, fork, default).WaitAsync(ControlWorld.Bound);
        Snapshot found = await world.Snapshots.TakeAsync(again, original.Id, "once", default).WaitAsync(ControlWorld.Bound);

        Assert.Equal(copies.Select(copy => (copy.Id, copy.Name, SandboxState.Running)), told.Select(copy => (copy.Id, copy.Name, copy.State)));
        Assert.Equal(taken.Id, found.Id);
        Assert.Equal(gone ? 3 : 4, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
        await world.ImagesAsync(1);
    }

    [Fact]
    public async Task Copies_that_the_first_attempt_did_not_get_to_are_made_by_the_repeat()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();
        Caller first = await ClaimAsync(world);
        Sandbox[] copies = [.. await world.Sandboxes.ForkAsync(first, original.Id, new ForkSandbox { Count = 3 }, default).WaitAsync(ControlWorld.Bound)];
        await world.Sandboxes.DeleteAsync(world.Root, copies[1].Id, default);
        await world.UntilAsync(copies[1].Id, seen => seen is null);

        IReadOnlyList<Sandbox> told = await world.Sandboxes.ForkAsync(Repeat(first), original.Id, new ForkSandbox { Count = 3 }, default).WaitAsync(ControlWorld.Bound);

        Assert.Equal(copies.Select(copy => (copy.Id, copy.Name)), told.Select(copy => (copy.Id, copy.Name)));
        Assert.All(told, copy => Assert.Equal(SandboxState.Running, copy.State));
        await world.ImagesAsync(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fork_or_snapshot_that_still_goes_on_is_waited_for_by_its_repeat(bool fork)
    {
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        int captures = 0;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, token) =>
        {
            if (step != "capture")
            {
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref captures);
            entered.TrySetResult();
            return gate.Task.WaitAsync(token);
        });
        Sandbox original = await world.CreateAsync();
        Caller first = await ClaimAsync(world);
        using var left = new CancellationTokenSource();
        Task<string> leaving = MakeAsync(first, left.Token);
        await entered.Task.WaitAsync(ControlWorld.Bound);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        Task<string> waiting = MakeAsync(Repeat(first), default);
        gate.SetResult();

        Assert.Equal(first.Operation!.Id, await waiting.WaitAsync(ControlWorld.Bound));
        Assert.Equal(first.Operation.Id, await MakeAsync(Repeat(first), default).WaitAsync(ControlWorld.Bound));
        Assert.Equal(1, captures);

        async Task<string> MakeAsync(Caller caller, CancellationToken cancellation) => fork
            ? Assert.Single(await world.Sandboxes.ForkAsync(caller, original.Id, new ForkSandbox(), cancellation)).Id.Value
            : (await world.Snapshots.TakeAsync(caller, original.Id, "once", cancellation)).Id.Value;
    }

    [Fact]
    public async Task What_the_first_attempt_changed_already_is_answered_as_success_and_done_once()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Caller first = await ClaimAsync(world);
        Caller repeat = first with { Operation = first.Operation! with { IsRepeat = true } };
        var port = new PortMapping(3000, 3000, PortProtocol.Tcp, "web", false);
        TimeSpan longer = sandbox.Timeout + TimeSpan.FromMinutes(1);
        var command = new ExecutionRequest("echo once", "/", new Dictionary<string, string>(), null);

        await world.Sandboxes.AddPortAsync(first, sandbox.Id, port, default);
        Assert.Contains(port, (await world.Sandboxes.AddPortAsync(repeat, sandbox.Id, port, default)).Ports);
        await world.Sandboxes.RemovePortAsync(first, sandbox.Id, port.Port, default);
        Assert.DoesNotContain(port, (await world.Sandboxes.RemovePortAsync(repeat, sandbox.Id, port.Port, default)).Ports);
        await world.Sandboxes.SetTimeoutAsync(first, sandbox.Id, longer, TimeoutRule.OnlyLonger, default);
        Assert.Equal(longer, (await world.Sandboxes.SetTimeoutAsync(repeat, sandbox.Id, longer, TimeoutRule.OnlyLonger, default)).Timeout);
        Execution run = await world.Executions.StartAsync(first, sandbox.Id, command, default);
        Assert.Equal(run, await world.Executions.StartAsync(repeat, sandbox.Id, command, default));
        NewApiKey untold = await world.Keys.CreateAsync(first, "ci", "", default);
        NewApiKey told = await world.Keys.CreateAsync(repeat, "ci", "", default);
        Assert.Equal(untold.Key.Id, told.Key.Id);
        Assert.NotNull(await world.Keys.AuthenticateAsync(told.Secret, default));

        // Without a key the same requests are what they always were.
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Sandboxes.RemovePortAsync(world.Root, sandbox.Id, port.Port, default))).Code);
        Assert.Equal(FaultCode.InvalidArgument, (await ControlWorld.FaultAsync(
            () => world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, longer, TimeoutRule.OnlyLonger, default))).Code);
    }

    [Fact]
    public async Task Over_http_a_repeat_after_a_lost_answer_finds_the_sandbox_and_the_delete_done()
    {
        var server = new SimulatedServer();
        await server.InitializeAsync();
        try
        {
            Reply made = await SendAsync(server, HttpMethod.Post, "/v1/sandboxes", "create");
            string id = made.Data.GetProperty("sandbox_id").GetString()!;
            await LoseAnswersAsync(server);
            Reply found = await SendAsync(server, HttpMethod.Post, "/v1/sandboxes", "create");
            Assert.Equal((201, id), (found.Status, found.Data.GetProperty("sandbox_id").GetString()));
            Assert.False(found.Message.Headers.Contains("Idempotency-Replayed"));

            Reply first = await SendAsync(server, HttpMethod.Delete, $"/v1/sandboxes/{id}", "delete");
            Assert.Equal(202, first.Status);
            await GoneAsync(server, id);
            Reply replayed = await SendAsync(server, HttpMethod.Delete, $"/v1/sandboxes/{id}", "delete");
            Assert.Equal((202, first.Text), (replayed.Status, replayed.Text));
            await LoseAnswersAsync(server);
            Assert.Equal((204, ""), await SendAsync(server, HttpMethod.Delete, $"/v1/sandboxes/{id}", "delete") is var last ? (last.Status, last.Text) : default);
            Assert.Equal(404, (await SendAsync(server, HttpMethod.Delete, $"/v1/sandboxes/{id}", "another")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>As a kill does between the end of the work and the storing of its answer.</summary>
    private static Task LoseAnswersAsync(SimulatedServer server) => server.Services.GetRequiredService<Database>()
        .WriteAsync(connection => connection.Execute("update requests set answer = null"));

    private static async Task GoneAsync(SimulatedServer server, string id)
    {
        using var bound = new CancellationTokenSource(ControlWorld.Bound);
        while ((await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{id}")).Status != 404)
        {
            await Task.Delay(5, bound.Token);
        }
    }

    private static async Task<Reply> SendAsync(SimulatedServer server, HttpMethod method, string path, string key)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-API-Key", server.Key);
        request.Headers.Add("Idempotency-Key", key);
        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }

    private static Caller Repeat(Caller first) => first with { Operation = first.Operation! with { IsRepeat = true } };

    private static async Task<Caller> ClaimAsync(ControlWorld world) => world.Root with
    {
        Operation = Assert.IsType<RequestClaim.Yours>(
            await world.Get<IRequestMemory>().ClaimAsync(world.Root.User.Id, Key, Print, makesRoom: false)).Operation,
    };
}
