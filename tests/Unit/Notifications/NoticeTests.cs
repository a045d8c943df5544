using Atoll.Control.Notifications;
using Atoll.Control.Stores;
using Atoll.Domain.Events;
using Atoll.Domain.Notifications;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Atoll.Unit.Events;
using Xunit;

namespace Atoll.Unit.Notifications;

public sealed class NoticeTests
{
    private static readonly UserId User = new("usr-00000000000000000000000000");

    [Theory]
    [InlineData(EventTypes.SandboxFailed, false, "sandbox_failed")]
    [InlineData(EventTypes.SandboxFailed, true, "sandbox_failed")]
    [InlineData(EventTypes.SandboxPauseFailed, false, "sandbox_pause_failed")]
    [InlineData(EventTypes.SandboxPauseFailed, true, null)]
    [InlineData(EventTypes.TemplateImportFinished, false, "template_import_finished")]
    [InlineData(EventTypes.TemplateImportFailed, false, "template_import_failed")]
    [InlineData(EventTypes.WebhookDisabled, false, "webhook_disabled")]
    [InlineData(EventTypes.QuotaRequestDecided, false, "quota_request_decided")]
    [InlineData(EventTypes.SandboxStarted, false, null)]
    [InlineData(EventTypes.SandboxTerminated, false, null)]
    public void An_event_that_its_user_must_know_of_has_a_notice(string type, bool asked, string? notice) =>
        Assert.Equal(notice, Notice.Of(new NewEvent(type, User, "x"), asked)?.Type);

    [Fact]
    public async Task A_sandbox_that_fails_notifies_its_owner()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, _, _) => throw new InvalidOperationException("no luck"));
        Sandbox sandbox = await world.CreateAsync();
        Assert.Equal(SandboxState.Failed, sandbox.State);
        Notification one = Assert.Single((await ListAsync(world)).Notifications);
        Assert.Equal(("sandbox_failed", sandbox.Id.Value), (one.Type, one.Entity));
        Assert.Contains(sandbox.Name, one.Message);
        Assert.Contains(sandbox.Reason, one.Message);
    }

    [Theory]
    [InlineData("timer", 1)]
    [InlineData("usr-00000000000000000000000000", 0)]
    public async Task A_pause_that_fails_notifies_only_when_nobody_waits_for_it(string by, int notifications)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox running = SandboxEventTests.In(SandboxState.Running) with { Owner = world.Root.User.Id };
        await world.Store.InsertAsync(running, "test");
        await world.Store.UpdateAsync(running, running with { State = SandboxState.Pausing }, by);
        await world.Store.UpdateAsync(running with { State = SandboxState.Pausing }, running, "node");
        Assert.Equal(notifications, (await ListAsync(world)).Total);
        await world.Store.RemoveAsync(running.Id, "test", world.Time.GetUtcNow());
    }

    [Fact]
    public async Task The_oldest_go_when_a_user_has_many()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        int many = NotificationStore.MostPerUser + 5;
        var log = world.Get<IEventLog>();
        await Task.WhenAll(Enumerable.Range(0, many).Select(number => log.AppendAsync(
            new NewEvent(EventTypes.TemplateImportFinished, world.Root.User.Id, $"tpl-{number}"))));
        NotificationPage page = await ListAsync(world);
        Assert.Equal((NotificationStore.MostPerUser, NotificationStore.MostPerUser), (page.Total, page.Unread));
        await world.RestartAsync();
        Assert.Equal(page.Notifications, (await ListAsync(world)).Notifications);
    }

    private static Task<NotificationPage> ListAsync(ControlWorld world) =>
        world.Get<INotifications>().ListAsync(world.Root, new NotificationQuery(0, 100), default);
}
