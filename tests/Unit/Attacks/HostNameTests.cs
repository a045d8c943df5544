using System.Text.RegularExpressions;
using Xunit;

namespace Atoll.Unit.Attacks;

/// <summary>
/// Requests that say two things about whom they are for, or nothing that makes sense, byte by byte: none of them reaches the
/// control plane or another sandbox in a sandbox's name, and none is taken for two.
/// </summary>
public sealed partial class HostNameTests(TwoSandboxes two) : IClassFixture<TwoSandboxes>
{
    private string Main => two.Server.Address.Authority;

    /// <summary>Host lines after which <c>/v1/users/me</c>, with a good key, must not be the control plane's.</summary>
    public static TheoryData<string> Hosts() =>
    [
        "Host: {A}.localhost\r\nHost: {main}", "Host: {main}\r\nHost: {A}.localhost", "Host: {A}.localhost, {main}", "Host: 3000-{A}.localhost\r\nX-Forwarded-Host: {main}",
        "Host: {A}.localhost\r\nX-Forwarded-Host: {main}\r\nForwarded: host={main}\r\nX-Original-URL: /v1/users/me\r\nX-Rewrite-URL: /v1/users/me",
        "Host: {A}.localhost.", "Host: {a}.LOCALHOST", "Host: SBX-{a}.localhost", "Host: 3000-SBX-{A}.localhost.", "Host: {A}.localhost:99999", "Host: {A}.localhost:0",
        "Host: 0-{A}.localhost", "Host: 65536-{A}.localhost", "Host: 1023-{A}.localhost", "Host: 03000-{A}.localhost", "Host: 4294970296-{A}.localhost",
        "Host: 3000-.localhost", "Host: 3000-x.localhost", "Host: 3000-{A}-x.localhost", "Host: 3000-3000-{A}.localhost",
        "Host: sbx-.localhost", "Host: sbx-sbx-{A}.localhost", "Host: sbx-nobody.localhost", "Host: 3000-{none}.localhost", "Host: {none}.localhost",
        "Host: x.{A}.localhost", "Host: x.3000-{A}.localhost", "Host: {A}.{B}.localhost", "Host: {A}.localhost.localhost", "Host: {A}.evil.example",
        "Host: 3000-127.0.0.1", "Host: 3000-[::1]", "Host: [3000-{A}]", "Host: {A}.localhost%00.{main}", "Host: {A}.localhost/{main}", "Host: {main}@{A}.localhost",
        "Host: user@{A}.localhost", "Host: {A}.localhost#{main}", "Host: {A}.localhost?{main}", "Host: {A}\t.localhost", "Host: {A} .localhost", "Host : {A}.localhost",
        "Host: {long}-{A}.localhost", "X: y", "Host: {A}.localhost\r\n Host: {main}", "Host: \r\n {main}",
        "Host: {A}.localhost\r\nE2b-Sandbox-Id: {B}", "Host: {A}.localhost\r\nX-Sandbox-ID: sbx-{B}", "Host: {main}\r\nE2b-Sandbox-Id: {A}\r\nE2b-Sandbox-Id: {B}",
        "Host: {main}\r\nE2b-Sandbox-Id: {A}\r\nX-Sandbox-ID: sbx-{B}", "Host: {main}\r\nE2b-Sandbox-Id: {A}\r\nE2b-Sandbox-Port: -1",
        "Host: {main}\r\nE2b-Sandbox-Id: ../{A}", "Host: {main}\r\nX-Sandbox-ID: x", "Host: {main}\r\nE2b-Sandbox-Id: {A}, {A}",
    ];

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_host_that_names_a_sandbox_or_contradicts_itself_is_never_the_control_plane(string lines)
    {
        string answer = await TwoSandboxes.RawAsync(
            Main, $"GET /v1/users/me HTTP/1.1\r\n{Fill(lines)}\r\nX-API-Key: {two.Server.Key}\r\nX-Access-Token: {two.B.Token}\r\nConnection: close\r\n\r\n");

        Assert.True(Refused().IsMatch(answer), answer);
        Assert.DoesNotContain("user_id", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://{A}.localhost/v1/users/me", "{main}")]
    [InlineData("http://{main}/v1/users/me", "{A}.localhost")]
    [InlineData("http://3000-{A}.localhost/v1/users/me", "{main}")]
    [InlineData("https://{A}.localhost/v1/users/me", "{A}.localhost")]
    [InlineData("//{main}/v1/users/me", "{A}.localhost")]
    [InlineData("/\\{main}/v1/users/me", "{A}.localhost")]
    [InlineData("/v1/users/me#", "{A}.localhost")]
    [InlineData("/x/../v1/users/me", "{A}.localhost")]
    [InlineData("/v1%2fusers%2fme", "{A}.localhost")]
    [InlineData("*", "{A}.localhost")]
    public async Task The_target_of_a_request_does_not_change_whom_its_host_names(string target, string host)
    {
        string answer = await TwoSandboxes.RawAsync(
            Main, $"GET {Fill(target)} HTTP/1.1\r\nHost: {Fill(host)}\r\nX-API-Key: {two.Server.Key}\r\nX-Access-Token: {two.B.Token}\r\nConnection: close\r\n\r\n");

        Assert.True(Refused().IsMatch(answer), answer);
        Assert.DoesNotContain("user_id", answer, StringComparison.Ordinal);
    }

    /// <summary>A's own port leads to A, whatever else the request says.</summary>
    [Theory]
    [InlineData("Host: {B}.localhost")]
    [InlineData("Host: 3000-{B}.localhost")]
    [InlineData("Host: {addressB}")]
    [InlineData("Host: {main}")]
    [InlineData("Host: api.localhost")]
    [InlineData("Host: {main}\r\nE2b-Sandbox-Id: {B}")]
    [InlineData("Host: {main}\r\nX-Sandbox-ID: sbx-{B}")]
    [InlineData("Host: {main}\r\nX-Forwarded-Host: {B}.localhost\r\nX-Forwarded-Port: 1")]
    public async Task A_sandboxs_own_port_is_nobody_elses(string lines)
    {
        foreach (string path in new[] { "/v1/users/me", "/envs", "/files?path=/etc/hostname" })
        {
            string answer = await TwoSandboxes.RawAsync(
                two.AddressOfA, $"GET {path} HTTP/1.1\r\n{Fill(lines)}\r\nX-API-Key: {two.Server.Key}\r\nX-Access-Token: {two.B.Token}\r\nConnection: close\r\n\r\n");

            Assert.True(Refused().IsMatch(answer), answer);
        }
    }

    /// <summary>Each is one request at the most; what hides behind it is never answered.</summary>
    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked", "")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity, chunked, identity", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding:\vchunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "G\r\n")]
    [InlineData("Transfer-Encoding: chunked", "-1\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "0x1\r\nA\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFFF\r\n")]
    [InlineData("Transfer-Encoding: chunked", "7FFFFFFFFFFFFFFF\r\n")]
    [InlineData("Transfer-Encoding: chunked", "1\r\nAB\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 0\r\nContent-Length: 44", "")]
    [InlineData("Content-Length: 0, 0", "")]
    [InlineData("Content-Length: -1", "")]
    [InlineData("Content-Length: 0x0", "")]
    [InlineData("Content-Length: 99999999999999999999", "")]
    [InlineData("X: y\r\n Content-Length: 0", "")]
    [InlineData("X: y\rContent-Length: 5", "")]
    [InlineData("X\0: y", "")]
    public async Task A_request_whose_length_is_in_doubt_is_not_two_requests(string lines, string body)
    {
        string hidden = $"GET /v1/users/me HTTP/1.1\r\nHost: {Main}\r\nX-API-Key: {two.Server.Key}\r\nX-Request-Id: hidden-request\r\n\r\n";
        string answer = await TwoSandboxes.RawAsync(
            Main,
            $"POST /files?path=/tmp/a HTTP/1.1\r\nHost: {two.A.Id.Value}.localhost\r\nX-Access-Token: {two.A.Token}\r\n{Fill(lines)}\r\n\r\n{Fill(body)}{hidden}");

        Assert.DoesNotContain("hidden-request", answer, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(answer, "HTTP/1\\.1 "));
        Assert.Equal(200, (await two.Server.ControlAsync(HttpMethod.Get, "/v1/users/me")).Status);
    }

    [Theory]
    [InlineData(1, 40_000, "431")]
    [InlineData(200, 10, "431")]
    [InlineData(99, 400, "431")]
    public async Task Headers_beyond_the_limits_are_refused(int count, int length, string status)
    {
        string headers = string.Concat(Enumerable.Range(0, count).Select(index => $"X-{index}: {new string('h', length)}\r\n"));
        foreach (string host in new[] { Main, $"{two.A.Id.Value}.localhost", $"3000-{two.A.Id.Value}.localhost" })
        {
            string answer = await TwoSandboxes.RawAsync(Main, $"GET /health HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");

            Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        }
    }

    private string Fill(string text) => text
        .Replace("{addressB}", two.AddressOfB).Replace("{main}", Main).Replace("{long}", new string('1', 4000))
        .Replace("{none}", "01m80gvzvsqkbpbd0j10j0zwd4").Replace("{A}", two.A.Id.Value).Replace("{a}", two.A.Id.Value.ToUpperInvariant()).Replace("{B}", two.B.Id.Value);

    [GeneratedRegex(@"^HTTP/1\.1 (400|401|404|405|431|501|502) ")]
    private static partial Regex Refused();
}
