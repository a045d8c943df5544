namespace Atoll.Unit.Sdk;

/// <summary>Replies as the contract shows them.</summary>
internal static class Wire
{
    public const string Id = "sbx-01kax7c0c1d2e3f4g5h6j7k8m9";

    public static string Sandbox(string id = Id, string status = "running", string template = "base") => $$"""
        {"sandbox_id":"{{id}}","name":"my-dev","status":"{{status}}","substatus":"","reason":"no room","template_id":"tpl-1",
         "template_name":"{{template}}","cpu_count":2,"memory_mb":512,"storage_gb":10,"timeout":300,"auto_pause":false,"secure":true,
         "allow_internet_access":true,"metadata":{"a_b":"c"},"env_vars":{},"object_storage":null,"uptime":3,
         "envd_access_token":"token-of-it","sandbox_domain":"127.0.0.1:9001",
         "created_at":"2026-04-17T12:34:56.789Z","timeout_at":null,"remaining_seconds":299}
        """;

    public static string Page(int page, int pages, params string[] sandboxes) => $$"""
        {"sandboxes":[{{string.Join(',', sandboxes)}}],
         "pagination":{"page":{{page}},"limit":100,"total":{{sandboxes.Length * pages}},"total_pages":{{pages}} } }
        """;
}
