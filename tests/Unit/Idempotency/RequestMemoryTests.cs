using System.Diagnostics;
using Atoll.Control.Idempotency;
using Atoll.Control.Recovery;
using Atoll.Control.Stores;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Idempotency;

/// <summary>What is remembered of requests, in a real store.</summary>
public sealed class RequestMemoryTests
{
    private static readonly byte[] Print = [1, 2, 3];

    [Fact]
    public async Task An_answer_outlives_a_kill_and_is_forgotten_after_a_day()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        RequestAnswer answer = new(201, "application/json", "/v1/x", "secret sk-123"u8.ToArray());
        await ClaimYoursAsync(world, "k");
        Assert.IsType<RequestClaim.UnderWay>(await ClaimAsync(world, "k"));
        await Memory(world).EndAsync(world.Root.User.Id, "k", answer);
        await world.KillAsync();
        await world.StartControlAsync();

        RequestAnswer told = Assert.IsType<RequestClaim.Answered>(await ClaimAsync(world, "k")).Answer;
        Assert.Equal((201, "application/json", "/v1/x"), (told.Status, told.ContentType, told.Location));
        Assert.Equal(answer.Body.ToArray(), told.Body.ToArray());
        Assert.IsType<RequestClaim.OtherRequest>(await Memory(world).ClaimAsync(world.Root.User.Id, "k", new byte[] { 9 }, false));

        world.Time.Advance(IRequestMemory.Kept);
        Assert.False((await ClaimYoursAsync(world, "k")).IsRepeat);
    }

    [Fact]
    public async Task What_the_database_holds_of_an_answer_is_encrypted_and_opens_for_its_own_request_only()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await ClaimYoursAsync(world, "my own key");
        await Memory(world).EndAsync(world.Root.User.Id, "my own key", new RequestAnswer(201, "application/json", null, "sk-0123456789"u8.ToArray()));

        byte[] answer = world.Get<Database>().Read(connection => connection.QuerySingle<byte[]>("select answer from requests"));
        Assert.Equal(-1, answer.AsSpan().IndexOf("sk-0123"u8));
        Assert.Equal(-1, answer.AsSpan().IndexOf("application"u8));
        Assert.DoesNotContain("my own key", string.Join(' ', world.Get<Database>().Read(connection =>
            connection.Query<string>("select cast(key as text) || cast(print as text) from requests"))), StringComparison.Ordinal);
        var seal = new AnswerSeal(SecretKey.Open(Path.Combine(world.DataDirectory, "secret.key")));
        Assert.NotNull(seal.Open(answer, world.Root.User.Id.Value, Print));
        Assert.Null(seal.Open(answer, world.Root.User.Id.Value, [9]));
        Assert.Null(seal.Open(answer, "usr-other", Print));
    }

    [Fact]
    public async Task A_request_whose_answer_is_not_kept_is_claimed_again_as_a_repeat_of_the_same_operation()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Operation first = await ClaimYoursAsync(world, "k");
        await Memory(world).EndAsync(world.Root.User.Id, "k", null);
        Operation second = await ClaimYoursAsync(world, "k");
        await Memory(world).EndAsync(
            world.Root.User.Id, "k", new RequestAnswer(200, null, null, new byte[IRequestMemory.MostBytesOfOne + 1]));
        Operation third = await ClaimYoursAsync(world, "k");

        Assert.Equal((first.Id, false), (first.Id, first.IsRepeat));
        Assert.Equal((first.Id, true), (second.Id, second.IsRepeat));
        Assert.Equal(second, third);
    }

    [Fact]
    public async Task What_is_forgotten_leaves_the_store_though_its_user_asks_for_nothing_more()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await ClaimYoursAsync(world, "k");
        await world.Get<StoreUpkeep>().RunAsync();
        Assert.Equal(1, Count(world));

        world.Time.Advance(IRequestMemory.Kept);
        world.Get<ControlService>().Signal();

        long since = Stopwatch.GetTimestamp();
        while (Count(world) > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < ControlWorld.Bound, "the reconcile loop does not prune");
            await Task.Delay(5);
        }
    }

    [Fact]
    public async Task Of_a_user_the_newest_are_remembered_up_to_the_bound()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        const int beyond = 500;
        long now = world.Time.GetUtcNow().ToUnixTimeMilliseconds();
        Database database = world.Get<Database>();
        await database.WriteAsync(connection => connection.Execute(
            """
            with recursive n(i) as (select 1 union all select i + 1 from n where i < @count)
            insert into requests (owner, key, print, operation, at, bytes) select @owner, cast(i as blob), x'00', '', @now - 60000 + i, 10 from n
            """,
            new { owner = world.Root.User.Id.Value, now, count = IRequestMemory.MostRequests + beyond }));
        await ClaimYoursAsync(world, "one more");

        (long count, long oldest) = database.Read(connection => connection.QuerySingle<(long, long)>("select count(*), min(at) from requests"));
        Assert.Equal(IRequestMemory.MostRequests, count);
        Assert.True(oldest > now - 60000 + beyond);

        await database.WriteAsync(connection => connection.Execute(
            "update requests set bytes = @bytes", new { bytes = IRequestMemory.MostBytes / 100 }));
        await world.RestartAsync();
        await ClaimYoursAsync(world, "and another");
        Assert.InRange(world.Get<Database>().Read(connection => connection.QuerySingle<long>("select count(*) from requests")), 90, 102);
    }

    [Fact]
    public async Task On_a_full_disk_what_may_make_room_is_done_and_all_else_is_refused()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Database database = world.Get<Database>();
        await database.WriteAsync(connection => connection.Execute($"pragma max_page_count = {connection.QuerySingle<long>("pragma page_count")}"));
        UserId user = world.Root.User.Id;
        FaultException? refused = null;
        for (int i = 0; refused is null; i++)
        {
            try
            {
                await Memory(world).ClaimAsync(user, $"{i}", Print, makesRoom: false);
            }
            catch (FaultException e)
            {
                refused = e;
            }
        }

        Assert.Equal(FaultCode.NoCapacity, refused.Fault.Code);
        Assert.IsType<RequestClaim.Yours>(await Memory(world).ClaimAsync(user, "delete", Print, makesRoom: true));
        await Memory(world).EndAsync(user, "delete", new RequestAnswer(202, null, null, default));
    }

    private static int Count(ControlWorld world) =>
        world.Get<Database>().Read(connection => connection.QuerySingle<int>("select count(*) from requests"));

    private static IRequestMemory Memory(ControlWorld world) => world.Get<IRequestMemory>();

    private static Task<RequestClaim> ClaimAsync(ControlWorld world, string key) =>
        Memory(world).ClaimAsync(world.Root.User.Id, key, Print, makesRoom: false);

    private static async Task<Operation> ClaimYoursAsync(ControlWorld world, string key) =>
        Assert.IsType<RequestClaim.Yours>(await ClaimAsync(world, key)).Operation;
}
