using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Files;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Atoll.Unit.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ListMemoryTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public void Long_lists_are_refused_while_others_take_the_memory_and_ordinary_ones_never()
    {
        var memory = new ListMemory();
        ListMemory.Place first = memory.Begin();
        ListMemory.Place second = memory.Begin();
        first.Grow(ListMemory.Longest);
        second.Grow(ListMemory.Most - ListMemory.Longest + (2 * ListMemory.Free));

        ConnectException full = Assert.Throws<ConnectException>(() => second.Grow(1));
        Assert.Equal((ConnectCode.ResourceExhausted, true), (full.Code, full.Message.Contains("try again")));
        memory.Begin().Grow(ListMemory.Free);
        Assert.Contains("ask for less depth", Assert.Throws<ConnectException>(() => first.Grow(1)).Message);

        first.Dispose();
        first.Dispose();
        Assert.Throws<ConnectException>(() => first.Grow(1));
        second.Grow(1);
        second.Dispose();
        Assert.Equal(0, memory.Taken);
    }

    [Fact]
    public async Task What_a_list_takes_is_given_back_when_it_was_sent()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        string name = new('x', 200);
        for (int i = 0; i < 1500; i++)
        {
            await files.WriteAsync(new FilePath($"/tmp/many/{name}{i}", "root"), new FileWriting(), Stream.Null, default);
        }

        var client = new ConnectClient(server, box, "proto");
        ListDirResponse list = await client.CallAsync<ListDirResponse>("filesystem.Filesystem/ListDir", new ListDirRequest { Path = "/tmp/many" });

        Assert.Equal(1500, list.Entries.Count);
        Assert.True(list.CalculateSize() > ListMemory.Free, "so it counts");
        ListMemory memory = server.Services.GetRequiredService<ListMemory>();
        await server.CreateAsync();
        Assert.Equal(0, memory.Taken);
    }
}
