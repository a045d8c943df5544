using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Tenancy;

/// <summary>What the operator does on the store itself.</summary>
public sealed class TenancyAdminTests
{
    [Fact]
    public async Task A_key_that_was_made_before_the_first_start_is_roots_and_no_other_is_made()
    {
        await using var world = new ControlWorld();
        await using (TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory))
        {
            Assert.True((await admin.EnsureUserAsync("root")).IsRoot);
            Assert.False((await admin.EnsureUserAsync("ada")).IsRoot);
            world.FirstKey = (await admin.CreateKeyAsync("root", "laptop")).Secret;
        }

        string made = world.FirstKey;
        await world.StartControlAsync();

        Assert.Equal(made, world.FirstKey);
        Assert.Equal(("root", true), (world.Root.User.Username, world.Root.User.IsRoot));
        Assert.Equal("laptop", Assert.Single(await world.Keys.ListAsync(world.Root, default)).Name);
    }

    [Fact]
    public async Task The_operator_gives_roles_and_disables_but_never_the_first_user()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory);
        await admin.EnsureUserAsync("ada", Role.Viewer);
        string secret = (await admin.CreateKeyAsync("ada", "laptop")).Secret;
        Assert.Equal(Role.Viewer, (await world.Keys.AuthenticateAsync(secret, default))!.User.Role);

        await admin.SetRoleAsync("ada", Role.Admin);
        world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Role.Admin, (await world.Keys.AuthenticateAsync(secret, default))!.User.Role);
        await admin.SetActiveAsync("ada", isActive: false);
        world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await world.Keys.AuthenticateAsync(secret, default));

        Assert.Equal(FaultCode.Forbidden, (await ControlWorld.FaultAsync(() => admin.SetRoleAsync("root", Role.Viewer))).Code);
        Assert.Equal(FaultCode.Forbidden, (await ControlWorld.FaultAsync(() => admin.SetActiveAsync("root", isActive: false))).Code);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => admin.SetRoleAsync("nobody", Role.Viewer))).Code);
    }

    [Fact]
    public async Task The_list_holds_the_keys_of_all_users()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory);
        await admin.EnsureUserAsync("ada");
        await admin.CreateKeyAsync("ada", "laptop");
        await admin.CreateKeyAsync("ada", "ci");

        Assert.Equal(
            ["ada/ci", "ada/laptop", "root/first"],
            admin.ListKeys().Select(row => $"{row.Owner.Username}/{row.Key.Name}").Order());
    }

    [Fact]
    public async Task Removing_takes_that_users_key_of_that_name_and_no_other()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await using TenancyAdmin admin = TenancyAdmin.Open(world.DataDirectory);
        foreach (string user in new[] { "ada", "bob" })
        {
            await admin.EnsureUserAsync(user);
            await admin.CreateKeyAsync(user, "ci");
            await admin.CreateKeyAsync(user, "laptop");
        }

        await admin.RemoveKeyAsync("ada", "ci");
        await admin.RemoveKeyAsync("ada", "no such key");
        await admin.RemoveKeyAsync("nobody", "ci");

        Assert.Equal(
            ["ada/laptop", "bob/ci", "bob/laptop", "root/first"],
            admin.ListKeys().Select(row => $"{row.Owner.Username}/{row.Key.Name}").Order());
        NewApiKey again = await admin.CreateKeyAsync("ada", "ci");
        Assert.Equal("ada", (await world.Keys.AuthenticateAsync(again.Secret, default))!.User.Username);
    }
}
