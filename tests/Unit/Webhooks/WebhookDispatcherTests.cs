using System.Diagnostics;
using Atoll.Control.Webhooks;
using Atoll.Domain.Events;
using Atoll.Domain.Notifications;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;
using Atoll.Unit.Control;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Atoll.Unit.Webhooks;

public sealed class WebhookDispatcherTests : IAsyncLifetime
{
    private ControlWorld _world = null!;
    private WebhookReceiver _receiver = null!;

    public async Task InitializeAsync()
    {
        _world = await ControlWorld.StartAsync(world => world.Options = world.Options with { Webhooks = new WebhookOptions { AllowPrivate = true } });
        _receiver = await WebhookReceiver.StartAsync();
        await DispatchAsync();
    }

    public async Task DisposeAsync()
    {
        await _world.Get<WebhookDispatcher>().StopAsync(default);
        await _world.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Events_are_delivered_signed_and_in_order()
    {
        WebhookSecret hook = await HookAsync();
        for (int i = 0; i < 20; i++)
        {
            await HappenAsync($"tpl-{i}");
        }

        for (int i = 0; i < 20; i++)
        {
            WebhookReceiver.Received one = await _receiver.NextAsync();
            Assert.Equal(("POST", "/hook", $"tpl-{i}"), (one.Method, one.Path, one.Json.GetProperty("subject").GetString()));
            Assert.Equal(one.Id, one.Json.GetProperty("id").GetString());
            Assert.Equal(1, one.SignaturesOf(hook.Secret));
            Assert.Equal(_world.Time.GetUtcNow().ToUnixTimeSeconds().ToString(), one.Headers["webhook-timestamp"]);
            Assert.Equal((hook.Webhook.Id, "1", "application/json"), (one.Headers["x-atoll-webhook"], one.Headers["x-atoll-attempt"], one.Headers["content-type"]));
        }

        DeliveryPage page = await UntilAsync(hook, deliveries => deliveries.All(one => one.State is DeliveryState.Delivered));
        Assert.Equal(20, page.Total);
        Assert.All(page.Deliveries, one => Assert.Equal((1, 200, null), (one.Attempts, one.StatusCode, one.Error)));
        Assert.Equal(20, (await GetAsync(hook)).Delivered);
    }

    [Fact]
    public async Task What_fails_is_tried_again_later_and_what_came_after_it_waits()
    {
        int refused = 2;
        _receiver.Answer = (_, http) =>
        {
            http.Response.StatusCode = refused-- > 0 ? 503 : 204;
            return Task.CompletedTask;
        };
        WebhookSecret hook = await HookAsync();
        await HappenAsync("tpl-first");
        await HappenAsync("tpl-second");
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            Assert.Equal(("tpl-first", $"{attempt}"), Seen(await _receiver.NextAsync()));
            WebhookDelivery first = (await UntilAsync(hook, all => all[1].Attempts == attempt)).Deliveries[1];
            Assert.Equal((DeliveryState.Pending, 503, "answered 503"), (first.State, first.StatusCode, first.Error));
            Assert.InRange((first.NextAttemptAt!.Value - first.LastAttemptAt!.Value).TotalSeconds, 4 * attempt, 6 * attempt);
            _world.Time.Advance(TimeSpan.FromSeconds(6 * attempt));
        }

        Assert.Equal(("tpl-first", "3"), Seen(await _receiver.NextAsync()));
        Assert.Equal(("tpl-second", "1"), Seen(await _receiver.NextAsync()));
        await UntilAsync(hook, all => all.All(one => one.State is DeliveryState.Delivered));
        Assert.Null((await GetAsync(hook)).FailingSince);
    }

    [Fact]
    public async Task A_server_that_is_killed_delivers_afterwards_what_it_had_not_and_what_it_was_at()
    {
        var held = new TaskCompletionSource();
        _receiver.Answer = (_, _) => held.Task;
        WebhookSecret hook = await HookAsync();
        await HappenAsync("tpl-first");
        await HappenAsync("tpl-second");
        string first = (await _receiver.NextAsync()).Id;
        var killed = _world.Get<WebhookDispatcher>();
        await _world.KillAsync();
        await killed.StopAsync(default);
        held.SetResult();
        _receiver.Answer = (_, _) => Task.CompletedTask;
        await _world.StartControlAsync();
        await DispatchAsync();
        Assert.Equal(first, (await _receiver.NextAsync()).Id);
        Assert.Equal("tpl-second", Seen(await _receiver.NextAsync()).Subject);
        await UntilAsync(hook, all => all.All(one => one.State is DeliveryState.Delivered));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _receiver.Answer = (_, http) =>
        {
            http.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        WebhookSecret hook = await HookAsync();
        await HappenAsync("tpl-1");
        WebhookDelivery one = (await UntilAsync(hook, all => all[0].Attempts == 1)).Deliveries[0];
        Assert.Equal((307, "answered 307, and redirects are not followed", DeliveryState.Pending), (one.StatusCode, one.Error, one.State));
        Assert.Equal(1, _receiver.Requests);
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_has_failed_and_so_has_who_is_not_there()
    {
        _receiver.Answer = (_, http) => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        WebhookSecret hook = await HookAsync();
        await HappenAsync("tpl-1");
        await _receiver.NextAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(11));
        WebhookDelivery late = (await UntilAsync(hook, all => all[0].Attempts == 1)).Deliveries[0];
        Assert.Equal((null, "no answer within 10 s"), (late.StatusCode, late.Error));

        await _receiver.DisposeAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("no connection to it", (await UntilAsync(hook, all => all[0].Attempts == 2)).Deliveries[0].Error);
    }

    [Fact]
    public async Task A_delivery_is_given_up_after_a_day_and_the_next_is_tried()
    {
        bool broken = true;
        _receiver.Answer = (received, http) =>
        {
            http.Response.StatusCode = broken && Seen(received).Subject == "tpl-bad" ? 500 : 200;
            return Task.CompletedTask;
        };
        WebhookSecret hook = await HookAsync();
        await HappenAsync("tpl-bad");
        int attempts = 0;
        while (true)
        {
            attempts++;
            WebhookDelivery bad = (await UntilAsync(hook, all => all[^1].Attempts == attempts)).Deliveries[^1];
            if (bad.State is DeliveryState.Failed)
            {
                Assert.InRange((bad.EndedAt!.Value - bad.CreatedAt).TotalHours, 22, 24);
                break;
            }

            _world.Time.Advance(bad.NextAttemptAt!.Value - _world.Time.GetUtcNow());
        }

        await HappenAsync("tpl-good");
        await UntilAsync(hook, all => all[0].State is DeliveryState.Delivered);
        Webhook after = await GetAsync(hook);
        Assert.Equal((1L, 1L, true), (after.Delivered, after.Failed, after.IsActive));
    }

    [Fact]
    public async Task A_webhook_that_fails_for_days_is_switched_off_and_its_owner_is_told()
    {
        _receiver.Answer = (_, http) =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        WebhookSecret hook = await HookAsync(retries: 0);
        await HappenAsync("tpl-1");
        await UntilAsync(hook, all => all[0].State is DeliveryState.Failed);
        _world.Time.Advance(TimeSpan.FromDays(5));
        Assert.True((await GetAsync(hook)).IsActive);
        await HappenAsync("tpl-2");
        await UntilAsync(hook, all => all.Count == 2 && all[0].State is DeliveryState.Failed);

        Webhook off = await GetAsync(hook);
        Assert.Equal((false, "nothing could be delivered to it for 5 days"), (off.IsActive, off.DisabledReason));
        Notification told = Assert.Single((await _world.Get<INotifications>().ListAsync(_world.Root, new NotificationQuery(0, 10), default)).Notifications);
        Assert.Equal(("webhook_disabled", hook.Webhook.Id), (told.Type, told.Entity));

        await HappenAsync("tpl-3");
        Assert.Equal(2, (await DeliveriesAsync(hook)).Total);
        _receiver.Answer = (_, _) => Task.CompletedTask;
        Assert.Null((await Hooks.UpdateAsync(_world.Root, hook.Webhook.Id, new WebhookSettings { IsActive = true }, default)).DisabledReason);
        await HappenAsync("tpl-4");
        await UntilAsync(hook, all => all.Count == 3 && all[0].State is DeliveryState.Delivered);
    }

    [Fact]
    public async Task A_new_secret_signs_beside_the_old_one_for_a_day()
    {
        WebhookSecret old = await HookAsync();
        WebhookSecret young = await Hooks.RotateAsync(_world.Root, old.Webhook.Id, default);
        Assert.NotEqual(old.Secret, young.Secret);
        await HappenAsync("tpl-1");
        WebhookReceiver.Received both = await _receiver.NextAsync();
        Assert.Equal((1, 1), (both.SignaturesOf(old.Secret), both.SignaturesOf(young.Secret)));
        await UntilAsync(young, all => all[0].State is DeliveryState.Delivered);
        _world.Time.Advance(TimeSpan.FromHours(25));
        await HappenAsync("tpl-2");
        WebhookReceiver.Received one = await _receiver.NextAsync();
        Assert.Equal((0, 1), (one.SignaturesOf(old.Secret), one.SignaturesOf(young.Secret)));
    }

    [Fact]
    public async Task What_is_delivered_is_what_was_asked_for_and_what_was_switched_off_waits()
    {
        WebhookSecret hook = await HookAsync(events: ["sandbox.*", EventTypes.TemplateDeleted]);
        await Hooks.UpdateAsync(_world.Root, hook.Webhook.Id, new WebhookSettings { IsActive = false }, default);
        await HappenAsync("tpl-missed", EventTypes.TemplateDeleted);
        await Hooks.UpdateAsync(_world.Root, hook.Webhook.Id, new WebhookSettings { IsActive = true }, default);
        await HappenAsync("tpl-other", EventTypes.TemplateUploaded);
        await HappenAsync("tpl-asked", EventTypes.TemplateDeleted);
        await HappenAsync("box", EventTypes.SandboxUpdated);
        Assert.Equal("tpl-asked", Seen(await _receiver.NextAsync()).Subject);
        Assert.Equal("box", Seen(await _receiver.NextAsync()).Subject);
        Assert.Equal(2, (await DeliveriesAsync(hook)).Total);
    }

    [Fact]
    public async Task Only_a_webhook_of_all_is_told_of_the_events_of_others()
    {
        User bob = await _world.Get<Atoll.Control.Tenancy.TenancyAdmin>().EnsureUserAsync("bob");
        WebhookSecret own = await HookAsync();
        WebhookSecret all = await HookAsync(ofAll: true);
        await _world.Get<IEventLog>().AppendAsync(new NewEvent(EventTypes.TemplateUploaded, bob.Id, "tpl-bobs"));
        await HappenAsync("tpl-roots");
        await UntilAsync(all, deliveries => deliveries.Count == 2 && deliveries.All(one => one.State is DeliveryState.Delivered));
        Assert.Equal(1, (await UntilAsync(own, deliveries => deliveries.All(one => one.State is DeliveryState.Delivered))).Total);
    }

    private IWebhooks Hooks => _world.Get<IWebhooks>();

    private Task DispatchAsync() => _world.Get<WebhookDispatcher>().StartAsync(default);

    private Task<WebhookSecret> HookAsync(int? retries = null, string[]? events = null, bool ofAll = false) => Hooks.CreateAsync(
        _world.Root, new WebhookSettings { Url = _receiver.Url, Events = events ?? ["template.*"], MaxRetries = retries, OfAll = ofAll }, default);

    private Task HappenAsync(string subject, string type = EventTypes.TemplateUploaded) =>
        _world.Get<IEventLog>().AppendAsync(new NewEvent(type, _world.Root.User.Id, subject));

    private Task<Webhook> GetAsync(WebhookSecret hook) => Hooks.GetAsync(_world.Root, hook.Webhook.Id, default);

    private Task<DeliveryPage> DeliveriesAsync(WebhookSecret hook) => Hooks.DeliveriesAsync(_world.Root, hook.Webhook.Id, 0, 100, default);

    private async Task<DeliveryPage> UntilAsync(WebhookSecret hook, Func<IReadOnlyList<WebhookDelivery>, bool> condition)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            DeliveryPage page = await DeliveriesAsync(hook);
            if (page.Total > 0 && condition(page.Deliveries))
            {
                return page;
            }

            Assert.True(Stopwatch.GetElapsedTime(since) < ControlWorld.Bound, string.Join('\n', page.Deliveries));
            await Task.Delay(5);
        }
    }

    private static (string? Subject, string Attempt) Seen(WebhookReceiver.Received one) =>
        (one.Json.GetProperty("subject").GetString(), one.Headers["x-atoll-attempt"]);
}
