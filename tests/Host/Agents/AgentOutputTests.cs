using System.Security.Cryptography;
using Atoll.Domain.Processes;
using Atoll.Node.Agents;
using Xunit;

namespace Atoll.Host.Agents;

[Collection(AgentTests.Name)]
public sealed class AgentOutputTests(AgentFile file) : IAsyncLifetime
{
    private const string Flood = "head -c 100000000 /dev/zero | tr '\\0' 'x'";

    private NativeAgent _agent = null!;
    private AgentSession _session = null!;

    public async Task InitializeAsync()
    {
        _agent = await NativeAgent.StartAsync(file);
        _session = await _agent.ConnectAsync();
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(1024 * 1024)]
    [InlineData(4096)]
    public async Task A_hundred_megabytes_reach_a_reader_who_reads_without_a_byte_missing(int capacity)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int size = capacity == 4096 ? 5_000_000 : 100_000_000;
        ProcessSpec spec = Transcript.Shell($"head -c {size} /dev/urandom | tee /dev/fd/3 | sha256sum >&2") with { OutputCapacity = capacity };
        spec = spec with { Arguments = ["/bin/bash", "-c", $"exec 3>&1; head -c {size} /dev/urandom | tee /dev/fd/3 | sha256sum >&2"] };
        ProcessInfo process = await _session.StartAsync(spec, limit.Token);
        (long count, string sum) = (0, "");
        await foreach (ProcessEvent item in _session.AttachAsync(process.Pid, 0, limit.Token))
        {
            Assert.IsNotType<ProcessEvent.Dropped>(item);
            if (item is ProcessEvent.Output { Stream: OutputStream.StandardOutput } output)
            {
                hash.AppendData(output.Data.Span);
                count += output.Data.Length;
            }
            else if (item is ProcessEvent.Output error)
            {
                sum += System.Text.Encoding.ASCII.GetString(error.Data.Span);
            }
        }

        Assert.Equal(size, count);
        Assert.StartsWith(Convert.ToHexStringLower(hash.GetHashAndReset()), sum);
    }

    [Fact]
    public async Task A_stalled_reader_neither_stops_the_process_for_ever_nor_makes_the_agent_grow_and_is_told_what_it_missed()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        ProcessInfo process = await _session.StartAsync(Transcript.Shell($"{Flood}; echo end >&2"), limit.Token);
        await using IAsyncEnumerator<ProcessEvent> reader = _session.AttachAsync(process.Pid, 0, limit.Token).GetAsyncEnumerator(limit.Token);
        Assert.True(await reader.MoveNextAsync());

        // The reader stalls here, until the process has ended without it.
        while ((await _session.ListAsync(limit.Token)).Single().Exit is null)
        {
            Assert.InRange(_agent.ResidentKilobytes(), 0, 16 * 1024);
            await Task.Delay(100, limit.Token);
        }

        long received = ((ProcessEvent.Output)reader.Current).Data.Length;
        long dropped = 0;
        while (await reader.MoveNextAsync())
        {
            received += reader.Current is ProcessEvent.Output output ? output.Data.Length : 0;
            dropped += reader.Current is ProcessEvent.Dropped gone ? gone.To - gone.From : 0;
        }

        Assert.InRange(dropped, 90_000_000, 100_000_000);
        Assert.Equal(100_000_000 + 4, received + dropped);
    }

    [Fact]
    public async Task Output_that_nobody_follows_is_kept_as_far_as_the_ring_goes_and_a_late_reader_is_told_the_rest()
    {
        ProcessInfo process = await _session.StartAsync(Transcript.Shell("seq 1 200000; echo end") with { OutputCapacity = 65536 }, default);
        while ((await _session.ListAsync(default)).Single().Exit is null)
        {
            await Task.Delay(50);
        }

        Transcript said = await Transcript.ReadAsync(_session, process.Pid);
        Assert.EndsWith("200000\nend\n", said.Output);
        Assert.InRange(said.Output.Length, 65536 * 3 / 4, 65536);
        Assert.Equal(Enumerable.Range(1, 200000).Sum(i => i.ToString().Length + 1) + 4, said.Output.Length + said.Dropped);
    }

    [Fact]
    public async Task Single_bytes_of_both_streams_in_turn_stay_in_order_and_in_bounds()
    {
        const string script = "import os\nfor i in range(20000): os.write(1 + i % 2, b'%d' % (i % 10))";
        ProcessInfo process = await _session.StartAsync(new ProcessSpec { Arguments = ["python3", "-c", script] }, default);
        Transcript said = await Transcript.ReadAsync(_session, process.Pid);
        Assert.Equal(string.Concat(Enumerable.Repeat("02468", 2000)), said.Output);
        Assert.Equal(string.Concat(Enumerable.Repeat("13579", 2000)), said.Error);
        Assert.InRange(_agent.ResidentKilobytes(), 0, 16 * 1024);
    }

    [Fact]
    public async Task A_reader_goes_on_without_loss_when_connections_are_cut_under_it()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        ProcessInfo process = await _session.StartAsync(Transcript.Shell("seq 1 3000000"), limit.Token);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (long next, int cuts) = (0, 0);
        await foreach (ProcessEvent item in _session.AttachAsync(process.Pid, 0, limit.Token))
        {
            Assert.IsNotType<ProcessEvent.Dropped>(item);
            if (item is not ProcessEvent.Output output)
            {
                continue;
            }

            Assert.Equal(next, output.Sequence);
            next += output.Data.Length;
            hash.AppendData(output.Data.Span);
            if (next > (cuts + 1) * 3_000_000L)
            {
                cuts++;
                _agent.CutConnections();
            }
        }

        byte[] expected = SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 3_000_000).Select(i => $"{i}\n"))));
        Assert.Equal(expected, hash.GetHashAndReset());
        Assert.InRange(cuts, 5, 8);
    }

    [Fact]
    public async Task Two_readers_see_the_same_and_one_may_go_without_hurting_the_other()
    {
        ProcessInfo process = await _session.StartAsync(Transcript.Shell("seq 1 100000; sleep 0.3; echo end"), default);
        Task<Transcript> whole = Transcript.ReadAsync(_session, process.Pid);
        await foreach (ProcessEvent _ in _session.AttachAsync(process.Pid, 0, default))
        {
            break;
        }

        Transcript said = await whole;
        Assert.Equal(0, said.Dropped);
        Assert.EndsWith("100000\nend\n", said.Output);
    }
}
