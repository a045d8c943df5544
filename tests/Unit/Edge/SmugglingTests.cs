using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>Requests that two readers could take for two different ones: a program sees one of them, or none.</summary>
public sealed class SmugglingTests(SimulatedServer server) : IClassFixture<SimulatedServer>, IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private RunningBox _box = null!;
    private TestProgram _program = null!;

    public async Task InitializeAsync()
    {
        _box = await server.CreateAsync();
        _program = await TestProgram.StartAsync(server, _box);
    }

    public async Task DisposeAsync()
    {
        await _program.DisposeAsync();
        _limit.Dispose();
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { "two hosts", "GET /front HTTP/1.1", "Host: b\r\n\r\n" },
        { "two lengths", "POST /front HTTP/1.1", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab" },
        { "a list of lengths", "POST /front HTTP/1.1", "Content-Length: 1, 2\r\n\r\nab" },
        { "a bad chunk size", "POST /front HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n" },
        { "a chunk without its end", "POST /front HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n1\r\nabc0\r\n\r\n" },
        { "an unknown coding", "POST /front HTTP/1.1", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "chunked not last", "POST /front HTTP/1.1", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
        { "a folded header", "GET /front HTTP/1.1", "X-A: b\r\n c\r\n\r\n" },
        { "a space before the colon", "GET /front HTTP/1.1", "Transfer-Encoding : chunked\r\n\r\n" },
        { "a NUL in a header", "GET /front HTTP/1.1", "X-A: b\0c\r\n\r\n" },
        { "a bare CR", "GET /front HTTP/1.1", "X-A: b\rX-C: d\r\n\r\n" },
        { "a header without a name", "GET /front HTTP/1.1", ": b\r\n\r\n" },
        { "a target of another host", "GET http://other/front HTTP/1.1", "\r\n" },
        { "an authority as target", "CONNECT other:80 HTTP/1.1", "\r\n" },
        { "an asterisk as target", "OPTIONS * HTTP/1.1", "\r\n" },
        { "a space in the target", "GET /front /x HTTP/1.1", "\r\n" },
        { "headers without a bound", "GET /front HTTP/1.1", $"X-A: {new string('x', 40_000)}\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_is_not_clearly_one_request_is_refused(string what, string line, string rest)
    {
        string answer = await RawHttp.AskAsync(server.Address, $"{line}\r\nHost: a\r\n{Routing}Connection: close\r\n{rest}", _limit.Token);

        Assert.True(answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 501", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.DoesNotContain(_program.Seen, target => !target.StartsWith("/front", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_with_a_length_and_chunks_is_read_by_its_chunks_and_nothing_of_it_becomes_a_request()
    {
        const string inner = "GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        string answer = await RawHttp.AskAsync(
            server.Address,
            $"POST /front HTTP/1.1\r\nHost: a\r\n{Routing}Content-Length: {5 + inner.Length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
            _limit.Token);

        Assert.StartsWith("HTTP/1.1 ", answer);
        Assert.DoesNotContain("/smuggled", _program.Seen);
    }

    [Fact]
    public async Task A_length_that_is_read_generously_is_passed_on_plainly()
    {
        string answer = await RawHttp.AskAsync(
            server.Address, $"POST /front HTTP/1.1\r\nHost: a\r\n{Routing}Connection: close\r\nContent-Length: +1\r\n\r\na", _limit.Token);

        Assert.DoesNotContain("+1", answer);
    }

    [Fact]
    public async Task An_upgrade_to_HTTP_2_stays_at_the_edge()
    {
        string answer = await RawHttp.AskAsync(
            server.Address,
            $"GET /front HTTP/1.1\r\nHost: a\r\n{Routing}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            _limit.Token);

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.DoesNotContain("Upgrade", answer);
        Assert.DoesNotContain("HTTP2-Settings", answer);
    }

    private string Routing => $"E2b-Sandbox-Id: {_box.Name}\r\nE2b-Sandbox-Port: {TestProgram.Port}\r\n";
}
