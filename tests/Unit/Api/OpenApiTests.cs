using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class OpenApiTests(ApiHost api) : IClassFixture<ApiHost>
{
    private const string Refresh = "ATOLL_REFRESH_CONTRACTS";

    /// <summary>Run with the environment variable above set to 1 to write the file anew.</summary>
    [Fact]
    public async Task The_checked_in_description_is_the_one_that_is_served()
    {
        string served = (await api.GetAsync("/openapi.json", key: null)).Text.ReplaceLineEndings("\n").TrimEnd() + "\n";
        string file = Path.Combine(Root(), "docs", "contracts", "scalebox.openapi.json");
        if (Environment.GetEnvironmentVariable(Refresh) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, served);
        }

        string kept = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";
        Assert.True(
            kept == served,
            $"docs/contracts/scalebox.openapi.json is not what the server serves; if the change is wanted, run: "
            + $"{Refresh}=1 dotnet test tests/Unit --filter {nameof(OpenApiTests)}");
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_what_it_replies()
    {
        JsonElement document = (await api.GetAsync("/openapi.json", key: null)).Json;
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                string name = $"{operation.Name} {path.Name}";
                Assert.True(operation.Value.TryGetProperty("summary", out _), name);
                Assert.NotEmpty(operation.Value.GetProperty("responses").EnumerateObject());
                bool isPublic = path.Name is "/health" or "/v1/scalebox-regions";
                Assert.True(isPublic != operation.Value.TryGetProperty("security", out _), name);
            }
        }
    }

    [Theory]
    [InlineData("/v1/sandboxes")]
    [InlineData("/v1/sandboxes/{sandbox_id}/resume")]
    [InlineData("/v1/sandboxes/{sandbox_id}/connect")]
    [InlineData("/v1/sandboxes/{sandbox_id}/fork")]
    [InlineData("/v1/sandboxes/{sandbox_id}/snapshots")]
    public async Task What_a_quota_may_refuse_says_so(string path) => Assert.True(
        (await api.GetAsync("/openapi.json", key: null)).Json.GetProperty("paths").GetProperty(path).GetProperty("post")
            .GetProperty("responses").TryGetProperty("429", out _), path);

    /// <summary>The described request is the one that is read: a wrong kind of value is noticed in each of its fields.</summary>
    [Fact]
    public async Task Every_described_field_of_a_create_is_read()
    {
        JsonElement schemas = (await api.GetAsync("/openapi.json", key: null)).Json.GetProperty("components").GetProperty("schemas");
        foreach (JsonProperty field in schemas.GetProperty("CreateSandbox").GetProperty("properties").EnumerateObject())
        {
            Reply reply = await api.PostAsync("/v1/sandboxes", $"{{\"{field.Name}\":-0.5}}");
            Assert.True(reply.Status is 400 or 501, $"{field.Name}: {reply.Text}");
            Assert.Equal(field.Name, reply.Json.GetProperty("field").GetString());
        }
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "../../../.."));
}
