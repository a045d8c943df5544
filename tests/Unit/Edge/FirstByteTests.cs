using System.IO.Pipelines;
using System.Text;
using Atoll.Server.Edge;
using Atoll.Unit.Control;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class FirstByteTests
{
    [Theory]
    [InlineData("\x16\x03\x01", "tls")]
    [InlineData("GET / HTTP/1.1", "plain")]
    [InlineData("\x15", "plain")]
    public async Task The_first_byte_decides_and_stays_where_it_is(string sent, string expected)
    {
        var connection = new Duplex();
        await connection.Client.WriteAsync(Encoding.Latin1.GetBytes(sent));

        Assert.Equal((expected, sent), await RouteAsync(connection, new FakeTime()));
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_dropped_at_the_bound_and_not_before()
    {
        var time = new FakeTime();
        var connection = new Duplex();
        Task<(string?, string)> routed = RouteAsync(connection, time);

        time.Advance(FirstByte.Patience - TimeSpan.FromSeconds(1));
        Assert.False(routed.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((null, ""), await routed.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(connection.Aborted);
    }

    [Fact]
    public async Task A_client_that_goes_before_it_says_anything_is_nobodys()
    {
        var connection = new Duplex();
        await connection.Client.CompleteAsync();

        Assert.Equal((null, ""), await RouteAsync(connection, new FakeTime()));
    }

    /// <summary>Who got the connection, and what could be read from it.</summary>
    private static async Task<(string? Who, string Read)> RouteAsync(Duplex connection, TimeProvider time)
    {
        (string?, string) got = (null, "");
        ConnectionDelegate Take(string name) => async taken =>
        {
            ReadResult read = await taken.Transport.Input.ReadAsync();
            got = (name, Encoding.Latin1.GetString(read.Buffer.FirstSpan));
        };
        await FirstByte.RouteAsync(connection, Take("tls"), Take("plain"), time);
        return got;
    }

    private sealed class Duplex : DefaultConnectionContext
    {
        private readonly Pipe _input = new();

        public Duplex() => Transport = new Both(_input.Reader, new Pipe().Writer);

        public PipeWriter Client => _input.Writer;

        public bool Aborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;

        private sealed record Both(PipeReader Input, PipeWriter Output) : IDuplexPipe;
    }
}
