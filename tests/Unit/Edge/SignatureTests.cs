using Atoll.Api.DataPlane.Transfer;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>Signed URLs that come to the server's own address, where only the signature says whose they are.</summary>
public sealed class SignatureTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Theory]
    [InlineData("/download/tmp/a%20b", "/tmp/a b", "root")]
    [InlineData("/download/tmp/a%2Fb?username=user", "tmp/a/b", "user")]
    [InlineData("/files?path=%2Ftmp%2Fx", "/tmp/x", "")]
    public async Task A_signature_leads_to_the_sandbox_whose_token_made_it(string url, string path, string user)
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();

        Assert.Equal(404, await GetAsync(url, SignedUrl.Sign(box.Token, FileOperation.Read, path, user, null)));
        Assert.Equal("application/json", await TypeAsync(url, SignedUrl.Sign(other.Token, FileOperation.Read, path, user, null)));

        // What nobody's token made names nobody: the control plane has no such path.
        Assert.Equal("no such route; GET /openapi.json lists those that exist", await ErrorAsync(url, "v1_none"));
        Assert.Equal("no such route; GET /openapi.json lists those that exist", await ErrorAsync(url, SignedUrl.Sign(box.Token, FileOperation.Write, path, user, null)));
    }

    private async Task<int> GetAsync(string url, string signature) => (await SendAsync(url, signature)).Status;

    private async Task<string?> TypeAsync(string url, string signature) =>
        (await SendAsync(url, signature)).Message.Content.Headers.ContentType?.MediaType;

    private async Task<string> ErrorAsync(string url, string signature) => (await SendAsync(url, signature)).Json.GetProperty("message").GetString()!;

    private async Task<Reply> SendAsync(string url, string signature) => await Reply.OfAsync(await server.Client.GetAsync(
        $"{url}{(url.Contains('?') ? '&' : '?')}signature={Uri.EscapeDataString(signature)}"));
}
