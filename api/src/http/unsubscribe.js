const said = document.getElementById('said')
const button = document.getElementById('unsubscribe')
button.addEventListener('click', async () => {
  button.disabled = true
  const outcome = await fetch('../api/report-schedules/unsubscribe', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: location.hash.slice(1) })
  }).then(
    (reply) => (reply.ok ? 'done' : reply.status < 500 ? 'gone' : 'failed'),
    () => 'failed'
  )
  said.textContent = said.dataset[outcome]
  button.disabled = false
  button.hidden = outcome !== 'failed'
})
