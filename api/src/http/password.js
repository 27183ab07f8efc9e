const said = document.getElementById('said')
const form = document.getElementById('form')
const password = document.getElementById('password')
const button = document.getElementById('set')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  const outcome = await fetch('../api/auth/password/reset', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: location.hash.slice(1), password: password.value })
  }).then(
    (reply) => (reply.ok ? 'done' : reply.status === 404 ? 'gone' : 'failed'),
    () => 'failed'
  )
  said.textContent = said.dataset[outcome]
  button.disabled = false
  form.hidden = outcome !== 'failed'
})
