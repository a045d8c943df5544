using System.Text.Json;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>How the ScaleBox dialect asks for pauses, resumes, forks and snapshots, and how it tells of them.</summary>
public sealed class ScaleBoxLifecycleTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData(null, "paused")]
    [InlineData("{}", "paused")]
    [InlineData("""{"is_async":false}""", "paused")]
    [InlineData("""{"is_async":true}""", "pausing")]
    public async Task A_pause_is_waited_for_unless_the_body_says_otherwise(string? body, string status)
    {
        string id = await api.CreateAsync();
        Reply paused = await api.PostAsync($"/v1/sandboxes/{id}/pause", body);
        Assert.Equal((200, status, id), (paused.Status, Text(paused.Data, "status"), Text(paused.Data, "sandbox_id")));
        (await api.PostAsync($"/v1/sandboxes/{id}/pause", body)).IsError(409, "wrong_state");
    }

    [Theory]
    [InlineData(null, "running")]
    [InlineData("""{"is_async":true,"best_effort_oss":true,"object_storage":{}}""", "resuming")]
    public async Task A_resume_is_waited_for_unless_the_body_says_otherwise(string? body, string status)
    {
        string id = await PausedAsync();
        Reply resumed = await api.PostAsync($"/v1/sandboxes/{id}/resume", body);
        Assert.Equal((200, status), (resumed.Status, Text(resumed.Data, "status")));
        Assert.Equal(Text(resumed.Json, "message"), Text(resumed.Data, "message"));
        Assert.Null(api.Ports.Sandboxes.ResumeTimeout);
        (await api.PostAsync($"/v1/sandboxes/{id}/resume")).IsError(409, "wrong_state");
    }

    [Theory]
    [InlineData("pause", FaultCode.NotCapturable, 409, "not_capturable")]
    [InlineData("pause", FaultCode.NoCapacity, 503, "no_capacity")]
    [InlineData("resume", FaultCode.IncompatibleImage, 409, "incompatible_image")]
    [InlineData("resume", FaultCode.Timeout, 504, "timeout")]
    [InlineData("fork", FaultCode.QuotaExceeded, 429, "quota_exceeded")]
    public async Task What_the_port_refuses_is_told(string verb, FaultCode code, int status, string word)
    {
        string id = await api.CreateAsync();
        api.Ports.Sandboxes.FailWith = new Fault(code, "for a reason").AsException();
        (await api.PostAsync($"/v1/sandboxes/{id}/{verb}")).IsError(status, word);
    }

    [Theory]
    [InlineData("pause", """{"is_async":1}""", "is_async")]
    [InlineData("resume", """{"best_effort_oss":"yes"}""", "best_effort_oss")]
    [InlineData("resume", """{"object_storage":[]}""", "object_storage")]
    [InlineData("fork", """{"count":0}""", "count")]
    [InlineData("fork", """{"count":101}""", "count")]
    [InlineData("fork", """{"timeout":1}""", "timeout")]
    [InlineData("fork", """{"metadata":{"a":1}}""", "metadata.a")]
    [InlineData("snapshots", """{"name":7}""", "name")]
    public async Task Bad_input_is_400_and_names_the_field(string verb, string body, string field) =>
        (await api.PostAsync($"/v1/sandboxes/{await api.CreateAsync()}/{verb}", body)).IsError(400, "invalid_argument", field);

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("connect")]
    [InlineData("fork")]
    public async Task Another_users_sandbox_is_not_found(string verb)
    {
        string id = await api.CreateAsync();
        (await api.SendAsync(HttpMethod.Post, $"/v1/sandboxes/{id}/{verb}", key: ApiHost.OtherKey)).IsError(404, "not_found");
    }

    [Fact]
    public async Task A_fork_hands_every_field_to_the_port_and_answers_each_copy_with_its_token()
    {
        string id = await api.CreateAsync(new { name = "origin" });
        Reply forked = await api.PostAsync($"/v1/sandboxes/{id}/fork", """{"count":3,"name":"copy","timeout":120,"metadata":{"k":"v"}}""");
        Assert.Equal(201, forked.Status);
        ForkSandbox asked = api.Ports.Sandboxes.Fork!;
        Assert.Equal((3, "copy", TimeSpan.FromSeconds(120), "v"), (asked.Count, asked.Name, asked.Timeout, asked.Metadata["k"]));
        JsonElement[] copies = [.. forked.Data.GetProperty("sandboxes").EnumerateArray()];
        Assert.Equal(3, copies.Select(copy => Text(copy, "sandbox_id")).Append(id).Distinct().Count() - 1);
        Assert.All(copies, copy => Assert.Equal("token-" + Text(copy, "sandbox_id")[4..], Text(copy, "envd_access_token")));
    }

    [Fact]
    public async Task Create_takes_what_resumes_and_pauses_by_itself_and_a_snapshot_for_a_template()
    {
        await api.PostAsync("/v1/sandboxes", """{"template":"snp-01hzz0000000000000000000zz","auto_pause":true,"auto_resume":true,"idle_timeout":90}""");
        CreateSandbox asked = api.Ports.Sandboxes.Asked!;
        Assert.Equal("01hzz0000000000000000000zz", asked.Template);
        Assert.Equal((true, true, TimeSpan.FromSeconds(90)), (asked.AutoPause, asked.AutoResume, asked.IdleTimeout));
    }

    [Fact]
    public async Task Create_with_object_storage_says_that_it_comes_later()
    {
        Reply refused = await api.PostAsync("/v1/sandboxes", """{"object_storage":{"uri":"s3://a","mount_point":"/mnt"}}""");
        refused.IsError(501, "not_implemented", "object_storage");
        Assert.Contains("resume", refused.Error);
    }

    [Fact]
    public async Task A_snapshot_is_taken_listed_read_and_removed()
    {
        string id = await api.CreateAsync();
        string name = $"n-{Guid.NewGuid():N}";
        Reply taken = await api.PostAsync($"/v1/sandboxes/{id}/snapshots", new { name });
        Assert.Equal(201, taken.Status);
        string snapshot = Text(taken.Data, "snapshot_id");
        Assert.Matches("^snp-[0-9a-z]{26}$", snapshot);
        Assert.Equal((name, id, "base", 1234), (Text(taken.Data, "name"), Text(taken.Data, "sandbox_id"), Text(taken.Data, "template_name"), taken.Data.GetProperty("size_bytes").GetInt32()));
        Assert.Equal((2, 512, 10), (Int(taken.Data, "cpu_count"), Int(taken.Data, "memory_mb"), Int(taken.Data, "storage_gb")));

        Reply listed = await api.GetAsync($"/v1/snapshots?sandbox_id={id}&name={name}&limit=5&page=1");
        Assert.Equal([snapshot], listed.Data.GetProperty("snapshots").EnumerateArray().Select(one => Text(one, "snapshot_id")));
        Assert.Equal((1, 5), (Int(listed.Data.GetProperty("pagination"), "total"), Int(listed.Data.GetProperty("pagination"), "limit")));
        (await api.GetAsync("/v1/snapshots?sandbox_id=x")).IsError(400, "invalid_argument", "sandbox_id");

        Assert.Equal(snapshot, Text((await api.GetAsync($"/v1/snapshots/{snapshot}")).Data, "snapshot_id"));
        (await api.GetAsync($"/v1/snapshots/{snapshot}", ApiHost.OtherKey)).IsError(404, "not_found");
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, $"/v1/snapshots/{snapshot}")).Status);
        Reply gone = await api.GetAsync($"/v1/snapshots/{snapshot}");
        gone.IsError(404, "not_found");
        Assert.Contains($"'{snapshot}'", gone.Error);
        (await api.GetAsync("/v1/snapshots/nothing")).IsError(404, "not_found");
    }

    [Theory]
    [InlineData("POST", "start")]
    [InlineData("POST", "stop")]
    [InlineData("POST", "deploy")]
    [InlineData("POST", "refreshes")]
    [InlineData("GET", "logs")]
    [InlineData("GET", "webrtc-turn-credential")]
    public async Task What_is_left_over_of_older_contracts_is_501(string method, string verb) =>
        (await api.SendAsync(new HttpMethod(method), $"/v1/sandboxes/{await api.CreateAsync()}/{verb}")).IsError(501, "not_implemented");

    [Fact]
    public async Task Slots_of_object_storage_are_shown_without_credentials()
    {
        string id = await PausedAsync();
        Reply resumed = await api.PostAsync($"/v1/sandboxes/{id}/resume", """
            {"object_storage":{"mounts":[{"mount_point":"/mnt/a/","uri":"s3://bucket/x","access_key":"AKIA-secret","secret_key":"so-secret","session_token":"sts-secret","region":"eu-west-1"}]}}
            """);
        Assert.Equal(200, resumed.Status);
        Assert.DoesNotContain("secret", resumed.Text);
        JsonElement slot = Assert.Single(resumed.Data.GetProperty("object_storage").EnumerateArray());
        Assert.Equal((1, "active", "s3://bucket/x", "/mnt/a"), (Int(slot, "slot"), Text(slot, "state"), Text(slot, "uri"), Text(slot, "mount_point")));
        Assert.Equal(("eu-west-1", true), (Text(slot, "region"), slot.GetProperty("short_lived").GetBoolean()));
        Assert.Equal("/mnt/a", Text(resumed.Data.GetProperty("object_storage_single"), "mount_point"));

        await api.PostAsync($"/v1/sandboxes/{id}/pause");
        (await api.PostAsync($"/v1/sandboxes/{id}/resume")).IsError(400, "invalid_argument", "object_storage.mounts");
        Assert.Equal(200, (await api.PostAsync($"/v1/sandboxes/{id}/resume", """{"best_effort_oss":true}""")).Status);
        Assert.Equal(new MountPatch.Keep(BestEffort: true), api.Ports.Sandboxes.Patch);
    }

    [Theory]
    [InlineData("""{"remove_all":true,"disable_all":true}""", "object_storage")]
    [InlineData("""{"remove_all":true,"mounts":[{"mount_point":"/a","delete":true}]}""", "object_storage")]
    [InlineData("""{"remove_all":"all"}""", "object_storage.remove_all")]
    [InlineData("""{"mounts":{}}""", "object_storage.mounts")]
    [InlineData("""{"mounts":[{}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"a","delete":true}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"/","delete":true}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"/a/../b","delete":true}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"/unknown","delete":true}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"/unknown","disable":true}]}""", "object_storage.mounts[0].mount_point")]
    [InlineData("""{"mounts":[{"mount_point":"/a","delete":true,"disable":true}]}""", "object_storage.mounts[0].delete")]
    [InlineData("""{"mounts":[{"mount_point":"/a","delete":true,"access_key":"k"}]}""", "object_storage.mounts[0].access_key")]
    [InlineData("""{"mounts":[{"mount_point":"/a","disable":true,"secret_key":"k"}]}""", "object_storage.mounts[0].secret_key")]
    [InlineData("""{"mounts":[{"mount_point":"/a","delete":true,"uri":"s3://b"}]}""", "object_storage.mounts[0].uri")]
    [InlineData("""{"mounts":[{"mount_point":"/a","access_key":"k","secret_key":"s","region":"r"}]}""", "object_storage.mounts[0].uri")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"http://b","access_key":"k","secret_key":"s","region":"r"}]}""", "object_storage.mounts[0].uri")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"s3://k:s@b","access_key":"k","secret_key":"s","region":"r"}]}""", "object_storage.mounts[0].uri")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"s3://b","secret_key":"s","region":"r"}]}""", "object_storage.mounts[0].access_key")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"s3://b","access_key":"k","region":"r"}]}""", "object_storage.mounts[0].secret_key")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"s3://b","access_key":"k","secret_key":"s"}]}""", "object_storage.mounts[0].region")]
    [InlineData("""{"mounts":[{"mount_point":"/a","uri":"s3://b","access_key":"k","secret_key":"s","endpoint":"http://u:p@h"}]}""", "object_storage.mounts[0].endpoint")]
    [InlineData("""{"mounts":[{"mount_point":"/a","delete":true},{"mount_point":"/a/","disable":true}]}""", "object_storage.mounts")]
    public async Task A_patch_that_contradicts_itself_or_the_slots_is_400_and_the_sandbox_stays_paused(string patch, string field)
    {
        string id = await PausedAsync();
        (await api.PostAsync($"/v1/sandboxes/{id}/resume", $"{{\"object_storage\":{patch}}}")).IsError(400, "invalid_argument", field);
        Assert.Equal("paused", Text((await api.GetAsync($"/v1/sandboxes/{id}")).Data, "status"));
    }

    private async Task<string> PausedAsync()
    {
        string id = await api.CreateAsync();
        Assert.Equal(200, (await api.PostAsync($"/v1/sandboxes/{id}/pause")).Status);
        return id;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
