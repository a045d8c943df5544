using System.IO.Pipelines;
using Atoll.Api.Edge.Proxy;
using Atoll.Node.Runtimes.Simulated;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class SpliceTests
{
    private static readonly SpliceLimits Limits = new(Stalled: TimeSpan.FromHours(1), Idle: TimeSpan.FromHours(1));
    private readonly FakeTime _time = new();

    [Fact]
    public async Task A_connection_on_which_nothing_goes_either_way_is_given_up_and_one_byte_is_something()
    {
        (PipedConnection client, PipedConnection clientsEnd) = Pair();
        (PipedConnection program, PipedConnection programsEnd) = Pair();
        Task<bool> spliced = Splice.RunAsync(clientsEnd, programsEnd, programsEnd.CompleteWritesAsync, Limits, _time, CancellationToken.None);

        _time.Advance(TimeSpan.FromMinutes(59));
        await client.WriteAsync(new byte[1]);
        Assert.Equal(1, await program.ReadAsync(new byte[8]));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(spliced.IsCompleted);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await spliced);
    }

    [Fact]
    public async Task A_program_that_breaks_off_is_told_apart_from_one_that_ends()
    {
        (PipedConnection client, PipedConnection clientsEnd) = Pair();
        (PipedConnection program, PipedConnection programsEnd) = Pair();
        Task<bool> cut = Splice.RunAsync(clientsEnd, programsEnd, programsEnd.CompleteWritesAsync, Limits, _time, CancellationToken.None);
        program.Cut();
        Assert.False(await cut);

        (client, clientsEnd) = Pair();
        (program, programsEnd) = Pair();
        Task<bool> ended = Splice.RunAsync(clientsEnd, programsEnd, programsEnd.CompleteWritesAsync, Limits, _time, CancellationToken.None);
        await program.WriteAsync(new byte[3]);
        await program.CompleteWritesAsync(CancellationToken.None);
        Assert.True(await ended);
        Assert.Equal(3, await client.ReadAsync(new byte[8]));
    }

    [Fact]
    public async Task What_a_program_says_reaches_the_client_though_it_listens_no_more()
    {
        (PipedConnection client, PipedConnection clientsEnd) = Pair();
        (Pipe toProgram, Pipe fromProgram) = (new Pipe(), new Pipe());
        var programsEnd = new PipedConnection(fromProgram.Reader, toProgram.Writer, _ => { });
        await toProgram.Reader.CompleteAsync();
        Task<bool> spliced = Splice.RunAsync(clientsEnd, programsEnd, programsEnd.CompleteWritesAsync, Limits, _time, CancellationToken.None);

        await client.WriteAsync(new byte[1]);
        await fromProgram.Writer.WriteAsync(new byte[3]);
        await fromProgram.Writer.CompleteAsync();

        Assert.True(await spliced);
        Assert.Equal(3, await client.ReadAsync(new byte[8]));
    }

    private static (PipedConnection, PipedConnection) Pair()
    {
        (Pipe one, Pipe other) = (new Pipe(), new Pipe());
        return (new PipedConnection(one.Reader, other.Writer, _ => { }), new PipedConnection(other.Reader, one.Writer, _ => { }));
    }
}
