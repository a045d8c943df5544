using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace Atoll.Server.Doctor;

/// <summary>The server's port must be free, or served by Atoll already.</summary>
internal sealed class PortCheck(IPEndPoint listen) : ICheck
{
    public string Name => "port";

    public async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        using var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(listen);
            socket.Listen();
            return Finding.Ok($"{listen} is free");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return await IsAtollAsync(cancellation)
                ? Finding.Ok($"{listen} is served by Atoll")
                : Finding.Fail($"{listen} is taken by another program", $"find it with: ss -ltnp 'sport = :{listen.Port}'\nor give serve another address: --listen 127.0.0.1:7171");
        }
        catch (SocketException e)
        {
            return Finding.Fail($"{listen} cannot be listened on: {e.Message}", "give --listen an address of this machine");
        }
    }

    private async Task<bool> IsAtollAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        var address = new IPEndPoint(listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : listen.Address, listen.Port);
        try
        {
            using HttpResponseMessage reply = await client.GetAsync($"http://{address}/health", cancellation);
            return reply.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
