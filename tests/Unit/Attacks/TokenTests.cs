using System.Text;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Attacks;

/// <summary>Tokens, signatures and keys that are another's, altered, late or in the wrong place, at every route there is.</summary>
public sealed class TokenTests(TwoSandboxes two) : IClassFixture<TwoSandboxes>
{
    /// <summary>What anybody may ask a sandbox's address; a route that is added here needs a reason.</summary>
    private static readonly string[] Public = ["/health", "/ca.pem"];

    [Fact]
    public async Task No_route_of_the_data_plane_opens_without_the_sandboxs_own_token()
    {
        IReadOnlyList<(string Method, string Path, bool IsOpen)> routes = two.DataPlane();
        Assert.True(routes.Count > 40, $"only {routes.Count} routes were found");
        string altered = (two.A.Token[0] == '0' ? '1' : '0') + two.A.Token[1..];
        string[][] credentials =
        [
            [], [$"X-Access-Token: {two.B.Token}"], [$"X-Access-Token: {altered}"], [$"X-Access-Token: {two.A.Token}0"], [$"X-Access-Token: {two.A.Token[..^1]}"],
            [$"X-Access-Token: {two.A.Token.ToUpperInvariant()}"], [$"X-Access-Token: {two.B.Token}, {two.A.Token}"],
            [$"X-Access-Token: {two.B.Token}", $"X-Access-Token: {two.A.Token}"], [$"Authorization: Bearer {two.A.Token}"], [$"Cookie: X-Access-Token={two.A.Token}"],
            [$"X-API-Key: {two.Server.Key}"], [$"Authorization: Bearer {two.Server.Key}"], [$"E2b-Traffic-Access-Token: {two.A.Token}"],
        ];
        List<string> open = [];
        foreach ((string method, string path, _) in routes.Where(route => !Public.Contains(route.Path)))
        {
            foreach (string[] credential in credentials)
            {
                await TryAsync(method, path, credential);
            }

            foreach (string name in new[] { "token", "access_token", "X-Access-Token", "envd_access_token", "signature" })
            {
                await TryAsync(method, $"{path}{(path.Contains('?') ? '&' : '?')}{name}={two.A.Token}", []);
            }
        }

        Assert.True(open.Count == 0, string.Join('\n', open));

        async Task TryAsync(string method, string path, string[] credential)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"http://{two.AddressOfA}{path}");
            foreach (string[] header in credential.Select(line => line.Split(": ", 2)))
            {
                request.Headers.TryAddWithoutValidation(header[0], header[1]);
            }

            using HttpResponseMessage reply = await two.Server.Client.SendAsync(request);
            if ((int)reply.StatusCode != 401)
            {
                open.Add($"{method} {path} with {string.Join("; ", credential)}: {(int)reply.StatusCode}");
            }
        }
    }

    /// <summary>By each way in which a request says which sandbox it is for.</summary>
    [Fact]
    public async Task Anothers_token_opens_nothing_however_the_sandbox_is_named()
    {
        string main = two.Server.Address.Authority;
        (string Address, string Host, string Named)[] ways =
        [
            (two.AddressOfA, "", ""), (main, $"{two.A.Id.Value}.localhost", ""), (main, $"49983-{two.A.Id.Value}.localhost", ""),
            (main, $"49999-{two.A.Id.Value}.localhost", ""), (main, "", $"E2b-Sandbox-Id: {two.A.Id.Value}"), (main, "", $"X-Sandbox-ID: {two.A.Name}"),
        ];
        foreach ((string address, string host, string named) in ways)
        {
            foreach (string path in new[] { "/files?path=/etc/hostname", "/envs", "/metrics", "/download/etc/hostname" })
            {
                string answer = await TwoSandboxes.RawAsync(
                    address,
                    $"GET {path} HTTP/1.1\r\nHost: {(host.Length > 0 ? host : address)}\r\n{(named.Length > 0 ? named + "\r\n" : "")}X-Access-Token: {two.B.Token}\r\nConnection: close\r\n\r\n");
                Assert.True(answer.StartsWith("HTTP/1.1 401", StringComparison.Ordinal), $"{address} {host} {named} {path}: {answer}");
            }
        }
    }

    [Fact]
    public async Task A_signature_opens_its_own_sandbox_path_operation_user_and_time_and_nothing_else()
    {
        string soon = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds().ToString();
        string past = DateTimeOffset.UtcNow.AddSeconds(-2).ToUnixTimeSeconds().ToString();
        string good = SignedUrl.Sign(two.A.Token, FileOperation.Read, "/tmp/a", "", soon);
        string altered = (good[^1] == 'A' ? good[..^1] + 'B' : good[..^1] + 'A');
        string of(FileOperation operation, string path, string user, string? expiration) =>
            Uri.EscapeDataString(SignedUrl.Sign(two.A.Token, operation, path, user, expiration));
        string read = of(FileOperation.Read, "/tmp/a", "", soon);

        Assert.Equal(404, await AskAsync("GET", two.AddressOfA, $"/files?path=/tmp/a&signature={read}&signature_expiration={soon}"));
        string[] refused =
        [
            $"GET {two.AddressOfB} /files?path=/tmp/a&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfB} /download/tmp/a?signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={Uri.EscapeDataString(altered)}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={read}&signature_expiration={long.Parse(soon) + 1}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={read}&signature_expiration=0{soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={read}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={of(FileOperation.Read, "/tmp/a", "", past)}&signature_expiration={past}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={of(FileOperation.Read, "/tmp/a", "", "-1")}&signature_expiration=-1",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={of(FileOperation.Read, "/tmp/a", "", "99999999999999999999")}&signature_expiration=99999999999999999999",
            $"GET {two.AddressOfA} /files?path=/tmp/b&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&path=/tmp/b&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&username=root&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a/../b&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /download/tmp/a?username=nobody&signature={read}&signature_expiration={soon}",
            $"POST {two.AddressOfA} /files?path=/tmp/a&signature={read}&signature_expiration={soon}",
            $"POST {two.AddressOfA} /upload?path=/tmp/a&signature={read}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /files?path=/tmp/a&signature={of(FileOperation.Write, "/tmp/a", "", soon)}&signature_expiration={soon}",
            $"POST {two.AddressOfA} /files/compose?path=/tmp/a&signature={of(FileOperation.Write, "/tmp/a", "", soon)}&signature_expiration={soon}",
            $"GET {two.AddressOfA} /envs?path=/tmp/a&signature={read}&signature_expiration={soon}",
            $"POST {two.AddressOfA} /filesystem.Filesystem/Stat?path=/tmp/a&signature={read}&signature_expiration={soon}",
        ];
        foreach (string[] parts in refused.Select(line => line.Split(' ', 3)))
        {
            int status = await AskAsync(parts[0], parts[1], parts[2]);
            Assert.True(status == 401, $"{status}: {parts[0]} {parts[1]} {parts[2]}");
        }
    }

    [Fact]
    public async Task Nothing_of_a_sandbox_is_there_for_the_key_of_another_user()
    {
        IReadOnlyList<(string Method, string Path)> routes = two.ControlPlane();
        Assert.True(routes.Count > 15, $"only {routes.Count} routes were found");
        List<string> wrong = [];
        foreach ((string method, string pattern) in routes)
        {
            string path = pattern.Replace("{sandbox_id}", two.A.Name).Replace("{sandboxID}", two.A.Name).Replace("{port}", "3000");
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?session=x&path=/etc/hostname")
            {
                Content = new StringContent("""{"path":"/etc","port":3000,"command":"id","timeout":60,"name":"web","protocol":"TCP","project_id":"prj-other"}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("X-API-Key", two.StrangersKey);
            using HttpResponseMessage reply = await two.Server.Client.SendAsync(request);

            // What is not built is so for everybody.
            if ((int)reply.StatusCode is not (404 or 501))
            {
                wrong.Add($"{method} {path}: {(int)reply.StatusCode} {await reply.Content.ReadAsStringAsync()}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal("running", (await two.Server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{two.A.Name}")).Data.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_sandboxs_token_is_no_key_of_the_control_plane()
    {
        foreach (string header in new[] { $"X-API-Key: {two.A.Token}", $"Authorization: Bearer {two.A.Token}", $"X-Access-Token: {two.A.Token}" })
        {
            foreach (string path in new[] { "/v1/users/me", "/v1/sandboxes", $"/v1/sandboxes/{two.A.Name}", "/v1/api-keys", $"/sandboxes/{two.A.Id.Value}" })
            {
                string answer = await TwoSandboxes.RawAsync(
                    two.Server.Address.Authority, $"GET {path} HTTP/1.1\r\nHost: {two.Server.Address.Authority}\r\n{header}\r\nConnection: close\r\n\r\n");
                Assert.True(answer.StartsWith("HTTP/1.1 401", StringComparison.Ordinal), $"{header} {path}: {answer}");
            }
        }
    }

    private async Task<int> AskAsync(string method, string address, string target)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://{address}{target}")
        {
            Content = method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null,
        };
        using HttpResponseMessage reply = await two.Server.Client.SendAsync(request);
        return (int)reply.StatusCode;
    }
}
