using System.Text;
using Atoll.Control.Stores;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Tenancy;

public sealed class ApiKeyTests
{
    [Fact]
    public async Task The_first_start_makes_a_root_user_and_hands_its_key_out_once()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Assert.Matches("^sk-[0-9a-f]{40}$", world.FirstKey);
        Assert.True(world.Root.User.IsRoot);
        Assert.Null(await world.Get<TenancyAdmin>().MakeFirstKeyAsync());
        await world.RestartAsync();
        Assert.Single(await world.Keys.ListAsync(world.Root, default));
    }

    [Fact]
    public async Task The_secret_is_nowhere_on_disk()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);

        foreach (string file in Directory.GetFiles(world.DataDirectory))
        {
            byte[] content = ReadShared(file);
            Assert.Equal(-1, content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(made.Secret)));
            Assert.Equal(-1, content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(made.Secret[11..])));
        }

        Assert.StartsWith(made.Key.Prefix, made.Secret, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disabled_key_is_refused_at_once_and_an_enabled_one_works_again()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);
        Assert.NotNull(await world.Keys.AuthenticateAsync(made.Secret, default));

        await world.Keys.UpdateAsync(world.Root, made.Key.Id, null, null, isActive: false, default);
        Assert.Null(await world.Keys.AuthenticateAsync(made.Secret, default));

        await world.Keys.UpdateAsync(world.Root, made.Key.Id, null, null, isActive: true, default);
        Assert.NotNull(await world.Keys.AuthenticateAsync(made.Secret, default));

        await world.Keys.DeleteAsync(world.Root, made.Key.Id, default);
        Assert.Null(await world.Keys.AuthenticateAsync(made.Secret, default));
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Keys.GetAsync(world.Root, made.Key.Id, default))).Code);
    }

    [Fact]
    public async Task A_key_ends_at_its_time_also_when_it_was_just_used()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "short", "", TimeSpan.FromSeconds(2), default);
        Assert.NotNull(await world.Keys.AuthenticateAsync(made.Secret, default));

        world.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(await world.Keys.AuthenticateAsync(made.Secret, default));
        Assert.Equal(made.Key.CreatedAt.AddSeconds(2), (await world.Keys.GetAsync(world.Root, made.Key.Id, default)).ExpiresAt);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-")]
    [InlineData("sk-0000000000000000000000000000000000000000")]
    [InlineData("' or 1=1 --")]
    public async Task An_unknown_secret_is_nobodys(string secret)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Assert.Null(await world.Keys.AuthenticateAsync(secret, default));
        Assert.Null(await world.Keys.AuthenticateAsync(world.FirstKey.ToUpperInvariant(), default));
    }

    [Fact]
    public async Task A_user_has_at_most_five_active_keys_even_when_asking_at_the_same_time()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Task<NewApiKey>[] asked = [.. Enumerable.Range(0, 20).Select(i => world.Keys.CreateAsync(world.Root, $"key {i}", "", default))];
        await Task.WhenAll(asked).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(IApiKeys.MaxActive, (await world.Keys.ListAsync(world.Root, default)).Count(key => key.IsActive));
        Assert.All(asked.Where(task => task.IsFaulted), task =>
            Assert.Equal(FaultCode.QuotaExceeded, ((FaultException)task.Exception!.InnerException!).Fault.Code));
        ApiKey victim = (await asked.First(task => task.IsCompletedSuccessfully)).Key;
        await world.Keys.UpdateAsync(world.Root, victim.Id, null, null, isActive: false, default);
        await world.Keys.CreateAsync(world.Root, "replacement", "", default);
        Assert.Equal(FaultCode.QuotaExceeded, (await ControlWorld.FaultAsync(() =>
            world.Keys.UpdateAsync(world.Root, victim.Id, null, null, isActive: true, default))).Code);
    }

    [Fact]
    public async Task A_name_is_taken_once_per_user()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);
        NewApiKey other = await world.Keys.CreateAsync(world.Root, "cd", "", default);

        Assert.Equal(FaultCode.AlreadyExists, (await ControlWorld.FaultAsync(() => world.Keys.CreateAsync(world.Root, "ci", "", default))).Code);
        Assert.Equal(FaultCode.AlreadyExists, (await ControlWorld.FaultAsync(() =>
            world.Keys.UpdateAsync(world.Root, other.Key.Id, "ci", null, null, default))).Code);
        Assert.Equal("ci", (await world.Keys.UpdateAsync(world.Root, made.Key.Id, "ci", "mine", null, default)).Name);
        await world.Get<TenancyAdmin>().EnsureUserAsync("eve");
        await world.Get<TenancyAdmin>().CreateKeyAsync("eve", "ci");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public async Task A_name_out_of_bounds_is_refused(int length)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Fault fault = await ControlWorld.FaultAsync(() => world.Keys.CreateAsync(world.Root, new string('n', length), "", default));

        Assert.Equal((FaultCode.InvalidArgument, "name"), (fault.Code, fault.Field));
    }

    [Fact]
    public async Task The_last_use_is_seen_at_once_and_survives_a_stop()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);
        Assert.Null(made.Key.LastUsedAt);
        world.Time.Advance(TimeSpan.FromSeconds(5));
        DateTimeOffset used = world.Time.GetUtcNow();
        await world.Keys.AuthenticateAsync(made.Secret, default);

        Assert.Equal(used, (await world.Keys.GetAsync(world.Root, made.Key.Id, default)).LastUsedAt);
        await world.RestartAsync();
        Assert.Equal(used, (await world.Keys.GetAsync(world.Root, made.Key.Id, default)).LastUsedAt);
    }

    [Fact]
    public async Task Another_process_makes_a_key_that_the_running_server_accepts()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory);

        User user = await admin.EnsureUserAsync("ada");
        NewApiKey made = await admin.CreateKeyAsync("ada", "laptop");

        Caller caller = (await world.Keys.AuthenticateAsync(made.Secret, default))!;
        Assert.Equal(user, caller.User);
        Assert.False(caller.User.IsRoot);
        Assert.Equal(user, await admin.EnsureUserAsync("ada"));
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => admin.CreateKeyAsync("nobody", "x"))).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_another_process_removed_or_disabled_stops_working_within_five_seconds(bool remove)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);
        Assert.NotNull(await world.Keys.AuthenticateAsync(made.Secret, default));

        await using (var elsewhere = new Database(world.Options.DatabasePath))
        {
            var store = new ApiKeyStore(elsewhere);
            elsewhere.Open();
            await (remove
                ? store.DeleteAsync(made.Key.Owner, made.Key.Id)
                : store.UpdateAsync(made.Key.Owner, made.Key.Id, null, null, isActive: false));
        }

        world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await world.Keys.AuthenticateAsync(made.Secret, default));
        Assert.NotNull(await world.Keys.AuthenticateAsync(world.FirstKey, default));
    }

    [Fact]
    public async Task A_key_in_steady_use_stops_working_too()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory);
        NewApiKey made = await world.Keys.CreateAsync(world.Root, "ci", "", default);
        Assert.NotNull(await world.Keys.AuthenticateAsync(made.Secret, default));

        await admin.RemoveKeyAsync("root", "ci");
        for (int second = 0; second < 5; second++)
        {
            await world.Keys.AuthenticateAsync(made.Secret, default);
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(await world.Keys.AuthenticateAsync(made.Secret, default));
    }

    [Fact]
    public async Task Derived_secrets_survive_a_restart_and_differ_by_sandbox_and_purpose()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        SandboxId one = SandboxId.New(world.Time.GetUtcNow());
        SandboxId other = SandboxId.New(world.Time.GetUtcNow());
        string token = world.Get<IAccessTokens>().For(one);
        byte[] secret = world.Get<IAgentSecrets>().For(one).ToArray();
        await world.RestartAsync();
        var tokens = world.Get<IAccessTokens>();

        Assert.Equal(token, tokens.For(one));
        Assert.Equal(secret, world.Get<IAgentSecrets>().For(one).ToArray());
        Assert.True(tokens.Matches(one, token));
        Assert.False(tokens.Matches(other, token));
        Assert.False(tokens.Matches(one, ""));
        Assert.False(tokens.Matches(one, token + "0"));
        Assert.Equal(32, secret.Length);
        Assert.NotEqual(token, Convert.ToHexStringLower(secret));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(world.DataDirectory, "secret.key")));
    }

    [Fact]
    public void A_key_file_that_is_no_key_is_refused_with_what_to_do()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "short");
            Assert.Contains("restore it from a backup", Assert.Throws<InvalidDataException>(() => SandboxSecrets.Open(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }
}
