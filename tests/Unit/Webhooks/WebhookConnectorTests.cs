using System.Net;
using Atoll.Control.Webhooks;
using Xunit;

namespace Atoll.Unit.Webhooks;

public sealed class WebhookConnectorTests
{
    private static readonly IPAddress Outside = IPAddress.Parse("8.8.8.8");

    [Fact]
    public async Task A_host_of_which_one_address_is_private_is_not_connected_to()
    {
        WebhookConnector connector = Connector(false, [Outside, IPAddress.Loopback]);
        await Assert.ThrowsAsync<AddressRefusedException>(() => connector.ConnectAsync("example.com", 80, default));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("169.254.169.254")]
    public async Task An_address_in_place_of_a_name_is_checked_too(string host) =>
        await Assert.ThrowsAsync<AddressRefusedException>(() => Connector(false, [Outside]).ConnectAsync(host, 80, default));

    /// <summary>A name that had a public address when it was checked and has a private one when it is connected to.</summary>
    [Fact]
    public async Task A_name_whose_address_changes_is_checked_at_each_connection()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Queue<IPAddress> answers = new([Outside, IPAddress.Loopback]);
        var connector = new WebhookConnector(new WebhookOptions(), (_, _) => Task.FromResult<IPAddress[]>([answers.Dequeue()]));
        Assert.Equal([Outside], await connector.AddressesAsync("rebind.example.com", default));

        using var http = new HttpClient(connector.Handler());
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync($"http://rebind.example.com:{receiver.Port}/", null));
        Assert.IsType<AddressRefusedException>(e.InnerException);
        Assert.Empty(answers);
        Assert.Equal(0, receiver.Requests);
    }

    [Fact]
    public async Task The_address_that_was_checked_is_the_one_that_is_connected_to()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        int asked = 0;
        var connector = new WebhookConnector(new WebhookOptions { AllowPrivate = true }, (_, _) =>
        {
            asked++;
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        });
        using var http = new HttpClient(connector.Handler());
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync($"http://nowhere.example.com:{receiver.Port}/", null)).StatusCode);
        Assert.Equal((1, 1), (asked, receiver.Requests));
    }

    private static WebhookConnector Connector(bool allowPrivate, IPAddress[] addresses) =>
        new(new WebhookOptions { AllowPrivate = allowPrivate }, (_, _) => Task.FromResult(addresses));
}
